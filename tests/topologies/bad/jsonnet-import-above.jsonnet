// expects: 2:2: cannot import `../good/base.libsonnet`: imports are written from the file that imports, downwards: no absolute path and no ..
(import "../good/base.libsonnet") + {}
