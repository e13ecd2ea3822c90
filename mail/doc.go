// Package mail writes letters into the outbox and delivers them.
//
// A letter is written in the transaction of the act it tells about, so there is
// never a change without its letter nor a letter without its change. Later it
// becomes an [Envelope] and leaves through a [Transport]:
//
//	act ── Outbox ──► letters table ── delivery ──► Envelope ──► Transport
//	       (same transaction)         (retries)                  ├ SMTP  a relay, encrypted
//	                                                             └ Dir   one .eml file per letter
//
// Both transports send the same bytes: one function makes the message, and
// nothing in it depends on when or how often it is sent. A letter that was
// delivered twice, because the answer of the first delivery was lost, can be
// recognised by its Message-ID.
//
// What a person typed (names, account names) may hold anything, line breaks
// too. It is made harmless for headers here and for HTML by package templates.
//
// An error of Send says with [IsPermanent] whether trying again makes sense.
// This package reads no clock and writes no log.
package mail
