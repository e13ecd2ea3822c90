// Package smtp is a real mail server on the loopback, for tests: it speaks SMTP
// over TCP, with STARTTLS and AUTH PLAIN where asked to, keeps what it receives
// and misbehaves on command.
//
//	server := smtp.Start(t, smtp.Config{})
//	… deliver to server.Addr() …
//	letter := server.WaitFor(t, "ada@example.com", "Set up")
//
// How it answers can be changed at any time, as the world does:
//
//	server.Answer(smtp.Busy)
//
// It relays nothing and checks no sender.
package smtp
