// expects: is a list, and a topology is a mapping (start with `name:`, `servers:` and `services:`)
[{ name: "mvp" }]
