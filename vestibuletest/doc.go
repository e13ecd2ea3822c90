// Package vestibuletest runs a real provider for tests: a fresh database of either engine, the
// whole server on a loopback port, a mail server that keeps letters, a clock that can be moved, and
// relying parties made of the client libraries products use.
//
// The recommended path:
//
//	vestibuletest.Each(t, vestibuletest.Config{Apply: people}, func(t *testing.T, p *vestibuletest.Provider) {
//	        browser := p.Browser()                        // a cookie jar that follows redirects
//	        cms := p.RelyingParty("cms", vestibuletest.CMSSecret)    // coreos/go-oidc and x/oauth2
//	        …
//	        p.Clock.Advance(25 * time.Hour)
//	})
//
// Nothing here is a stand-in for a type of ours: only the clock and the mail relay are not what
// production has.
package vestibuletest
