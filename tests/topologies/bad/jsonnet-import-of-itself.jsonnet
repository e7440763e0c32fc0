// expects: 2:12: recurses without end, or deeper than 500 calls (look for a function that calls itself)
local me = import "jsonnet-import-of-itself.jsonnet";
me
