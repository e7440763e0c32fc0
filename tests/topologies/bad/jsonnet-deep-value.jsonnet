// expects: nests more than 32 levels (a topology nests six)
local nest(n) = if n == 0 then 1 else [nest(n - 1)];
{
  name: nest(100),
}
