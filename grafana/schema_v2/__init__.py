"""A dashboard as Grafana's schema v2 has it: elements by name, and a layout that says where they stand."""
