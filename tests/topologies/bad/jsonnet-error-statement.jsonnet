// expects: 3:9: cannot be evaluated: every deployment has a name
{
  name: error "every deployment\nhas a name",
}
