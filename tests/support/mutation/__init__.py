"""Mutation testing of the rules: each is changed in one place at a time, and a proof must fail."""
