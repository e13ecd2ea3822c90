// Package admin is the door for operators: what they do to accounts, people, clients and signing keys.
//
// Each act is one method and one transaction. It reads like this: open the transaction; load; ask
// identity; save; write the letters; record the event. Whatever fails takes everything back, so no
// letter tells of something that did not happen. Acts know no request and no terminal; the command
// line calls them with the server down, and what it prints is made from what they return.
//
// Start with [New]. The act this product exists for is [Admin.RequireTwoFactor]; [Admin.Apply] brings
// a whole file of accounts, people and clients about and changes nothing the second time.
//
// The acts are an operator's unless [Admin.As] says whose they are, and who judges in each transaction whether they may. [Admin.Import] takes
// people over from another system.
//
// An operator who asks for what cannot be done gets a [Refusal]. Every change to a policy, a role or a
// membership goes through one place, settle, which compares who was asked for a second factor before
// and after, writes to those who are newly asked, and ends what no longer satisfies the account.
package admin
