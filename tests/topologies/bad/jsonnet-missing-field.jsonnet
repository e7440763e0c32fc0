// expects: 4:9: cannot be evaluated: field does not exist: name
local base = {};
{
  name: base.name,
}
