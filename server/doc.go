// Package server puts the doors into one http.Handler and keeps the house running: middleware,
// background jobs, health, a graceful end.
//
// It decides nothing about logins. What the doors op and login need of each other is handed over
// here as functions, so that neither imports the other; wiring.go is the whole list.
//
//	request → request id → address → log → panics → metrics → headers → limits → op | login
//
// Background jobs ([Server.Run]): letters from the outbox, logouts clients are told of, the audit chain, a sweeper for what expired, and the
// rotation of signing keys. Nothing relies on the sweeper: every expiry is judged when a record is
// used.
package server
