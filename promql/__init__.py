"""PromQL: one parser, one walker, one label inference, one guard for depth. Judges nothing; the checks do."""
