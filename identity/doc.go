// Package identity says what the things of Vestibule are and which rules hold for them:
// people, accounts, memberships, authenticators, enrollment links, sessions, authorization
// requests, grants, clients.
//
// It is pure. It knows no HTTP, no HTML and no SQL, and it reads no clock: time is always a
// parameter. Records are born and changed by the constructors and methods of this package;
// package storage keeps them, and the doors (op, login, admin) act on what the rules answer.
//
// The heart is [Decide]: a table, read from top to bottom, that looks at what a session has
// proven for the account being entered and answers the next step.
//
//	sign-in → select-account → sign-in-again → enroll → second-factor → done
//	                                                  ↘ unmet (the client insists on more)
//
// Decide never asks whether a person owns a factor, only whether one was used now. The same
// function serves the login page, prompt=none, refresh, introspection, userinfo and the switch
// between accounts, which is why a policy that is switched on holds everywhere at once.
package identity
