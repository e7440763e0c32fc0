"""WHAT IS MEASURED: the catalogue of what each scraped exporter really exposes, and our own exporters."""
