// expects: 4:3: cannot be evaluated: expected a comma before next field.
{
  name: "mvp"
  servers: {}
}
