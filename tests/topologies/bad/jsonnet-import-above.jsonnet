// expects: 2:2: cannot import `../good/base.libsonnet`: import paths must be relative to the importing file, without ..
(import "../good/base.libsonnet") + {}
