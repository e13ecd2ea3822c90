package op

// Reachable is the rule of outbound requests, for its table of addresses.
var Reachable = reachable
