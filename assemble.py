"""The one place that knows every generator: Topology → {path: bytes}."""
