"""WHAT IS MEASURED: the recorded metrics of each scraped exporter, and our own exporters."""
