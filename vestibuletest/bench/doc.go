// Package bench measures what the provider costs. It holds tests alone; `make bench` runs them.
//
// The server runs in a process of its own – the test binary, started again – so that what the
// client of a measurement costs is not counted. That process also holds the floors: a bare net/http
// handler that answers the same bytes, a bare Argon2id hash, a bare signature, a bare commit of one
// row in the same database. An operation and its floors take turns, round by round, so that a
// machine that is busy with something else slows both; what counts is the median round.
//
//	b.Loop ─┬─ the operation, 200 times   ─┐
//	        └─ its floors, as often        ├─ CPU, allocations of the server process; latencies of the client
//	  …                                   ─┘
//
// Nothing is asserted here: how fast a machine is says nothing about whether the program is right.
// docs/performance.md holds the figures and what they were compared with.
package bench
