"""The recorded catalogue of metrics: one JSON file an exporter, written by the recorder, never by hand."""
