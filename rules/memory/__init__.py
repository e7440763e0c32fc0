"""Memory: use against budget, limit and plan, and where it is heading."""
