"""Reading a topology file: YAML, Jsonnet, and their problems with line and column."""
