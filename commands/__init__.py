"""One command a file: options, printing and exit codes. No logic."""
