function(kind, memory='1g') { kind: kind, server: 'main', memory: memory, limit:: error 'nobody asks' }
