// expects: 9:5: services.web.memory: is missing (write the RAM, such as 1g)
// expects: 9:5: services.web.server: is missing (write the name of the server it runs on)
// expects: 10:5: services.api.server: is missing (write the name of the server it runs on)
// expects: 10:62: services.api.memory: `1g: no key\n` is not a size (write a number with a unit, such as 1g, 512m or 2GiB)
{
  name: "mvp",
  servers: { main: { cpus: 8, memory: "32g", disk: "500GB" } },
  services: {
    "web": { kind: "web" },
    'api'+: { [if true then "kind"]: "api", server:: "main", memory: |||
      1g: no key
    ||| },
  },
}
