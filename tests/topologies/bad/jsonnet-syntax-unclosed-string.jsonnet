// expects: 3:9: cannot be evaluated: unterminated string
{
  name: "mvp,
}
