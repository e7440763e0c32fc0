function(kind, memory) {
  kind: kind,
  server: "main",
  memory: memory,
}
