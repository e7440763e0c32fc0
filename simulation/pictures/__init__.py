"""Pictures of what the demo showed: panels drawn from the real Prometheus' answers, the timeline, one HTML page."""
