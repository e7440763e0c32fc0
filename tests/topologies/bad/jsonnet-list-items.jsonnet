// expects: 11:7: services.web.ports[1]: `443` is text (write 443 without quotes)
// expects: 14:11: services.web.containers[1].resource: `web(` is not a valid regular expression for Prometheus: missing ): web(
{
  name: "mvp",
  servers: { main: { cpus: 8, memory: "32g", disk: "500GB" } },
  services: {
    web: {
      kind: "web",
      server: "main",
      memory: "1g",
      ports: [80, "443"],
      containers: [
        { resource: "web" },
        { resource: "web(" },
      ],
    },
  },
}
