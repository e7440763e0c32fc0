// expects: 3:1: cannot be evaluated: at least one replica
local replicas = 0;
assert replicas > 0 : "at least one replica";
{}
