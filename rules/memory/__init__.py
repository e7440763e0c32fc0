"""Memory: use compared with budget, limit and plan, and its trend."""
