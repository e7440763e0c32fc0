// expects: is empty, and a topology is a mapping (start with `name:`, `servers:` and `services:`)
null
