"""The page, one collector a subject. Each docstring shows the subject's page for the small world of the tests."""
