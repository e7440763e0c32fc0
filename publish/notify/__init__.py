"""Test alerts through a live Alertmanager, one for each receiver."""
