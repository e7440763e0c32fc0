// expects: 2:14: recurses without end, or deeper than 500 calls (look for a function that calls itself)
local f(x) = f(x + 1) + 1;
{
  name: f(1),
}
