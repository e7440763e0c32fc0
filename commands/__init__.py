"""One command per file: options, output and exit codes, without logic."""
