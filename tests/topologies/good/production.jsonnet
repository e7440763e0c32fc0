// Staging and production from one file: boxwatch build production.jsonnet --ext-str env=production
local app = import 'lib/app.libsonnet';
local production = std.extVar('env') == 'production';
local replicas = if production then 2 else 1;

{
  name: std.extVar('env'),
  servers: { main: { cpus: 8, memory: if production then '32g' else '8g', disk: '500GB' } },
  services: {
    web: app('web') { replicas: replicas },
    api: app('api', '2g') { replicas: replicas },
    [if production then 'worker']: app('worker'),
  },
  thresholds: import 'lib/thresholds.json',
}
