// expects: 3:9: needs the external variable `env` (give it with --ext-str env=VALUE)
{
  name: std.extVar("env"),
}
