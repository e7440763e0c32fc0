// expects: evaluates to more than 100,000 values
{
  ["x-" + i]: std.range(1, 1000) for i in std.range(1, 200)
}
