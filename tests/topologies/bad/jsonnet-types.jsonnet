// expects: 3:9: cannot be evaluated: binary operator - requires matching types, got string and number.
{
  name: "mvp" - 1,
}
