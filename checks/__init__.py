"""Checks of generated or imported artefacts, one check per file; a finding is a value."""
