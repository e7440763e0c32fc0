// expects: needs more than 512 MB of memory to evaluate, or nests infinitely (look for infinite recursion or a very long string)
{
  name: std.repeat("boxwatch", 1e9),
}
