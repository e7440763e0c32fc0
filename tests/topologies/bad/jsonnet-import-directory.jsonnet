// expects: 3:9: cannot import `lib`: it is not a file
{
  name: importstr "lib",
}
