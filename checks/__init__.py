"""Anything generated or imported, looked at by one check a file; what a check finds is a value."""
