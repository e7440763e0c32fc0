// expects: 2:14: cannot import `bsae.libsonnet`: no such file or directory
local base = import "bsae.libsonnet";
base
