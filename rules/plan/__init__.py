"""The plan: its constants, the servers held against it, and containers outside it."""
