// Package op is the door for clients: OpenID Connect and OAuth 2.0, spoken over the records of
// identity and storage.
//
//	provider, err := op.New(op.Config{Issuer: "https://login.example.com", DB: db, …})
//	mux.Handle("/", provider.Handler())
//
// A login passes through here twice and never shows a page of its own:
//
//	POST /par                  a client sends its request ahead; the same checks → a request_uri for /authorize
//	GET  /authorize            every parameter is checked (authorize_rules.go) → Decide
//	                             done        → code, at once
//	                             prompt=none → the error that names the step
//	                             otherwise   → the request is stored, bound to the browser → 303 LoginURL
//	                                           (SignUpURL with prompt=create)
//	GET  /authorize/callback   same browser? → Decide again, in the transaction that makes the code → 303 client
//	POST /device_authorization a device asks; a person types its code at DeviceURL, logs in, and is asked → ApproveDevice
//	POST /token                one transaction: the code is used, tokens are written
//	GET  /end_session          the hint belongs to this browser's session? → the session ends → 303 client
//
// What ends – here, at the door for people or at an operator's word – is queued in its transaction for the
// clients concerned; [Provider.DeliverLogouts] tells them (backchannel.go).
//
// Forms, client authentication and the dispatch of grants are parsed by zitadel/oidc; what they mean
// is decided here, on our own records. None of the library's types leaves this package, and nothing
// reaches the library that [Provider.Handler] has not checked first: see routes.go for the table of
// routes, and docs/decisions/0001-own-server-on-zitadel.md for why.
//
// What this package is not: it holds no session cookie and renders no HTML. Both belong to the door for
// people, which hands them over as the functions of [Config] and [Pages].
package op
