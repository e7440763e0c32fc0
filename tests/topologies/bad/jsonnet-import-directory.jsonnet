// expects: 3:9: cannot import `lib`: it is not a regular file
{
  name: importstr "lib",
}
