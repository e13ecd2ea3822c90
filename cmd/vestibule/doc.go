// Command vestibule is the provider and everything an operator does to it.
//
//	vestibule demo        everything on this machine, nothing to configure
//	vestibule serve       the provider
//	vestibule apply -f …  accounts, people and clients from a file
//	vestibule account …   the same by hand, and whom an account asks for a second factor
//
// This package holds flags and wiring alone; the acts are in package admin. Every setting is a flag, an
// environment variable and a key of the --config file under one name, see [Config]. All commands but
// demo and serve open the database themselves and need no server. What they print is a table for
// people, or with --json one JSON value for programs; a failure says on standard error what to do, and
// the exit status is not 0.
package main
