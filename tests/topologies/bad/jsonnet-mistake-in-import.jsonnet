// expects: lib/wrong.libsonnet:2:9: cannot be evaluated: Unknown variable: nothing
import "lib/wrong.libsonnet"
