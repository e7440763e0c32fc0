// expects: 2:12: recurses infinitely, or more than 500 calls deep (look for a function that calls itself)
local me = import "jsonnet-import-of-itself.jsonnet";
me
