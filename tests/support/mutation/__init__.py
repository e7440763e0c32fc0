"""Mutation testing of the rules: each is changed in one place at a time, and the proofs must notice."""
