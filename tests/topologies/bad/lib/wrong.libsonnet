{
  name: nothing,
}
