// expects: is empty, not a mapping (start with `name:`, `servers:` and `services:`)
null
