// expects: 3:9: requires the external variable `env` (pass --ext-str env=VALUE)
{
  name: std.extVar("env"),
}
