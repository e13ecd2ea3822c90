package vestibuletest

import (
	"html"
	"net/url"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/templates"
)

// House is a file of accounts, people and clients that most tests start from. Ada belongs to acme,
// which asks for a code, to globex, which does not, and to initech, which asks again; she has an
// authenticator. Ben belongs to acme and globex and has none. Cleo belongs to globex alone.
const House = `
accounts:
  - {slug: acme, name: Acme Media, two_factor: all}
  - {slug: globex, name: Globex Events, two_factor: "off"}
  - {slug: initech, name: Initech, two_factor: all}
people:
  - {email: ada@example.com, name: Ada Park, password: plum-lantern-orbit, totp_secret: ` + AdaKey + `, memberships: {acme: owner, globex: member, initech: member}}
  - {email: ben@example.com, name: Ben Okafor, password: cedar-violin-comet, memberships: {acme: member, globex: admin}}
  - {email: cleo@example.com, name: Cleo Lindt, password: amber-kayak-meadow, memberships: {globex: owner}}
clients:
  - {id: cms, name: Rich Media CMS, secret: ` + CMSSecret + `, redirect_uris: ["` + RedirectURI + `"], post_logout_redirect_uris: ["http://127.0.0.1:9/"], grants: [authorization_code, refresh_token, client_credentials]}
  - {id: events, name: Event Platform, secret: ` + EventsSecret + `, redirect_uris: ["` + RedirectURI + `"]}
  - {id: app, name: Mobile App, auth_method: none, redirect_uris: ["` + RedirectURI + `"]}
  - {id: jwt, name: API Client, secret: ` + JWTSecret + `, access_token: jwt, id_token_alg: ES256, redirect_uris: ["` + RedirectURI + `"], grants: [authorization_code, refresh_token, client_credentials]}
`

// The people and the clients of [House], and the key of Ada's authenticator.
const (
	Ada          = "ada@example.com"
	AdaPassword  = "plum-lantern-orbit"
	AdaKey       = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	Ben          = "ben@example.com"
	BenPassword  = "cedar-violin-comet"
	Cleo         = "cleo@example.com"
	CleoPassword = "amber-kayak-meadow"
	CMSSecret    = "secret-of-the-cms-client"
	EventsSecret = "secret-of-the-events-client"
	JWTSecret    = "secret-of-the-jwt-client"
)

// NextCode moves the clock half a minute on, so that the code is not one that was used, and reads it off
// the app that holds key.
func (p *Provider) NextCode(key string) string {
	p.testing.Helper()
	p.Clock.Advance(30 * time.Second)
	return p.Code(key)
}

// Code reads the code off the app that holds key.
func (p *Provider) Code(key string) string {
	p.testing.Helper()
	secret, err := identity.ParseTOTPKeyText(key)
	if err != nil {
		p.testing.Fatal(err)
	}
	return identity.TOTPCode(secret, p.Clock.Now())
}

// SignIn opens a login and gives email and password; it returns what comes next.
func (b *Browser) SignIn(l Login, email, password string) Page {
	b.testing.Helper()
	page := b.Open(l.URL)
	if !strings.HasPrefix(page.URL.Path, "/login") {
		b.testing.Fatalf("no login page: %d at %s\n%s", page.Status, page.URL, page.Body)
	}
	return b.Submit(page.URL.String(), templates.FieldEmail, email, templates.FieldPassword, password)
}

// Choose presses the button of an account in the chooser.
func (b *Browser) Choose(page Page, slug string) Page {
	b.testing.Helper()
	return b.Submit("/login/account?"+page.URL.RawQuery, templates.FieldAccount, slug)
}

// GiveCode fills in the field Authenticator Code.
func (b *Browser) GiveCode(page Page, code string) Page {
	b.testing.Helper()
	return b.Submit(page.URL.String(), templates.FieldCode, code)
}

// GiveFirstCode fills in the code that confirms an authenticator, and goes on from the recovery codes that follow.
func (b *Browser) GiveFirstCode(page Page, code string) Page {
	b.testing.Helper()
	page = b.GiveCode(page, code)
	_, after, found := strings.Cut(page.Body, `<a class="button main" href="`)
	if !found || !strings.Contains(page.Body, "Recovery codes") {
		b.testing.Fatalf("no recovery codes follow the first code: %d at %s\n%s", page.Status, page.URL, page.Body)
	}
	next, _, _ := strings.Cut(after, `"`)
	return b.Open(html.UnescapeString(next))
}

// Back reports whether the page is the relying party's: where a finished or refused login leads.
func (p Page) Back() bool { return strings.HasPrefix(p.URL.String(), RedirectURI+"?") }

// Tokens finishes a login whose last page leads back, or fails the test.
func (rp *RelyingParty) Tokens(l Login, last Page) *Tokens {
	rp.testing.Helper()
	if !last.Back() {
		rp.testing.Fatalf("the login did not come back: %d at %s\n%s", last.Status, last.URL, last.Body)
	}
	t, err := rp.Finish(l, last.URL)
	if err != nil {
		rp.testing.Fatal(err)
	}
	return t
}

// Query returns a parameter of the page's address.
func (p Page) Query(name string) string { return url.Values(p.URL.Query()).Get(name) }
