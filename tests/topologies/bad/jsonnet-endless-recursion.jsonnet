// expects: 2:14: recurses infinitely, or more than 500 calls deep (look for a function that calls itself)
local f(x) = f(x + 1) + 1;
{
  name: f(1),
}
