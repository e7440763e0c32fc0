"""Servers: CPU, memory, disks, clock and state."""
