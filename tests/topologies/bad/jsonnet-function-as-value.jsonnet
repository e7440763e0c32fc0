// expects: 3:9: has a function where a value is required (call it, or hide its key with `::`)
{
  name: function(x) x,
}
