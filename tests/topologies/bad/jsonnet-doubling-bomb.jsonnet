// expects: needs more than 512 MB of memory to evaluate, or nests without end (look for a function that calls itself, or for a very long string)
{
  name: std.foldl(function(a, _) a + a, std.range(1, 40), "boxwatch"),
}
