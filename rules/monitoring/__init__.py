"""The monitoring stack: scraping, rule evaluation, notifications, Grafana, the Watchdog."""
