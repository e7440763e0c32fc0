"""The exporters' pages: what each reports of the simulated box, under the names recorded from real exporters."""
