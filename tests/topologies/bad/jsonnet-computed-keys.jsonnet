// expects: 6:28: services.web.server: `mian` is not a server of this file (did you mean `main`?)
{
  name: "mvp",
  servers: { main: { cpus: 8, memory: "32g", disk: "500GB" } },
  services: {
    [name]: { kind: "web", server: "mian", memory: "1g" }
    for name in ["web"]
  },
}
