// Command samples is the sample client of docs/clients.md in Go; login.mjs beside it is the same in JavaScript. Each is the whole of
// what a product writes: a login, a callback, and a switch between accounts, which is a login that names another one.
//
//	ISSUER=http://localhost:8080 CLIENT_ID=cms CLIENT_SECRET=… LISTEN=127.0.0.1:8085 go run ./docs/samples
package main
