"""Backtests: when an alert would have fired on the history that Prometheus holds."""
