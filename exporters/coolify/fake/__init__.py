"""A Coolify that is not one: the API that the exporter reads, with every trap on command. For tests and the demo.

It ships with the package, because the demo has to run where only the package is installed. The exporter itself
imports nothing of it.
"""
