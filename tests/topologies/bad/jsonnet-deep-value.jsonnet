// expects: nests more than 32 levels deep (a topology needs six)
local nest(n) = if n == 0 then 1 else [nest(n - 1)];
{
  name: nest(100),
}
