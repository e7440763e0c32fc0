"""The monitoring stack, made from the topology: its configuration, and the compose file that runs it."""
