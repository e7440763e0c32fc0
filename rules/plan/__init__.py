"""The plan: its constants, servers compared with it, and containers outside it."""
