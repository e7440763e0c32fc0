"""Shared test support: builders of valid objects, runners of real programs."""
