"""The simulated box: every exporter of a topology on loopback, incidents to play on it, and what was notified when."""
