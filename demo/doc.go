// Package demo holds two sample products that log people in through an OpenID
// Connect provider, and a page that shows the letters the provider has sent.
//
// The products are a video CMS and an event platform. They hold no password and
// no second-factor secret; all they know of a person is what the tokens say. The
// package imports nothing else of this module on purpose: whatever works here
// works for any other client, because it can only have come over HTTP.
//
// Start with [NewClient] for a product and [NewMailbox] for the letters:
//
//	cms, err := demo.NewClient(demo.ClientConfig{
//		Title: "Rich Media CMS", Look: demo.CMS,
//		Issuer: "http://localhost:8080", BaseURL: "http://localhost:8081",
//		ClientID: "cms", ClientSecret: secret,
//		Accounts: []demo.Account{{Slug: "acme", Name: "Acme Media"}},
//	})
//
// One login, as the product sees it:
//
//	GET  /login?account=acme   remember state, nonce and PKCE verifier for this browser
//	303  provider              asks for whatever the account wants
//	GET  /callback?code=…      state → iss → code exchange → ID token → nonce → userinfo
//	303  /                     the product, with a panel that shows what the tokens say
//
// Afterwards POST /refresh and POST /userinfo ask the provider again, POST /logout
// ends the login here and there, and the provider's own POST to /backchannel-logout
// ends it here when it has ended there.
//
// It is not an example of how to keep sessions: they live in memory and are gone
// with the process.
package demo
