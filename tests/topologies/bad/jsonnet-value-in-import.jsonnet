// expects: 9:29: services.api.replcas: is not a known key (did you mean `replicas`?)
// expects: lib/app.libsonnet:4:3: services.web.memory: `1gbb` is not a size (write a number with a unit, such as 1g, 512m or 2GiB)
local app = import "lib/app.libsonnet";
{
  name: "mvp",
  servers: { main: { cpus: 8, memory: "32g", disk: "500GB" } },
  services: {
    web: app("web", "1gbb"),
    api: app("api", "1g") { replcas: 2 },
  },
}
