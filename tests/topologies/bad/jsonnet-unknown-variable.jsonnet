// expects: 3:9: cannot be evaluated: Unknown variable: deployment
{
  name: deployment,
}
