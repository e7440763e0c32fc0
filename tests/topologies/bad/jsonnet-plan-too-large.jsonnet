// expects: 4:31: servers.main.memory: 32 GB is less than the plan: web 64 GB = 64 GB (remove 32 GB from the plan, or add it to the server)
{
  name: "mvp",
  servers: { main: { cpus: 8, memory: "32g", disk: "500GB" } },
  services: { web: { kind: "web", server: "main", memory: "64g" } },
}
