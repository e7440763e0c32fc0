"""A topology from a live server: what Docker and Coolify say runs there, and how it differs from the plan."""
