"""What the running stack needs beside rules and dashboards: Prometheus configuration, from the topology."""
