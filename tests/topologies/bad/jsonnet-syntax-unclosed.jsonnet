// expects: 4:1: cannot be evaluated: unexpected: end of file while parsing field definition
{
  name: "mvp",
