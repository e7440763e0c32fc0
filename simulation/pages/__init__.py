"""The exporters' pages: what each would report of the simulated box, with the names that were recorded from real ones."""
