// expects: nests more than 32 levels deep (a topology needs six)
local nest(n) = if n == 0 then [] else [nest(n - 1)];
{
  name: std.foldl(function(a, _) [a], std.range(1, 400), 1),
}
