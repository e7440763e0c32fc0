// expects: needs more than 512 MB of memory to evaluate, or nests without end (look for a function that calls itself, or for a very long string)
{
  name: std.repeat("boxwatch", 1e9),
}
