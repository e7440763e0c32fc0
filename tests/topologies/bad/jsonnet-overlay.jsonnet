// expects: 10:24: services.web.memory: `1 elephant` is not a size (write a number with a unit, such as 1g, 512m or 2GiB)
local base = {
  name: "mvp",
  servers: { main: { cpus: 8, memory: "32g", disk: "500GB" } },
  services: { web: { kind: "web", server: "main", memory: "1g", // memory: here
  } },
};
base {
  /* memory: there */
  services+: { web+: { memory: "1 elephant" } },
}
