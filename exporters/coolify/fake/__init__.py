"""A fake Coolify for tests and the demo: the API that the exporter reads, with every trap on command.

It ships with the package so that the demo runs where only the package is installed. The exporter itself imports none
of it.
"""
