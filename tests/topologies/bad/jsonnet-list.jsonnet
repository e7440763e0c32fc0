// expects: is a list, not a mapping (start with `name:`, `servers:` and `services:`)
[{ name: "mvp" }]
