package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/templates"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

// sessionKinds is what a browser may have proven before it comes for an account.
var sessionKinds = []struct {
	name string
	open func(*testing.T, *matrix, *vestibuletest.Browser)
}{
	{"no session", func(*testing.T, *matrix, *vestibuletest.Browser) {}},
	{"a password", func(t *testing.T, m *matrix, b *vestibuletest.Browser) { m.enter(t, b, "plain", false) }},
	{"a code for guarded", func(t *testing.T, m *matrix, b *vestibuletest.Browser) { m.enter(t, b, "guarded", true) }},
}

// ways are how a token for an account may be asked for without anybody typing anything. Each returns the tokens that
// came, or nil.
var ways = []struct {
	name string
	take func(*testing.T, *matrix, *vestibuletest.Browser, string) *vestibuletest.Tokens
}{
	{"authorize", func(t *testing.T, m *matrix, b *vestibuletest.Browser, account string) *vestibuletest.Tokens {
		l := m.cms.Login("account", account)
		return m.landed(l, b.Open(l.URL))
	}},
	{"prompt=none", func(t *testing.T, m *matrix, b *vestibuletest.Browser, account string) *vestibuletest.Tokens {
		l := m.cms.Login("account", account, "prompt", "none")
		return m.landed(l, b.Open(l.URL))
	}},
	{"PAR", func(t *testing.T, m *matrix, b *vestibuletest.Browser, account string) *vestibuletest.Tokens {
		l := m.cms.Login("account", account)
		return m.landed(l, b.Open(m.push(t, l)))
	}},
	{"second tab", func(t *testing.T, m *matrix, b *vestibuletest.Browser, account string) *vestibuletest.Tokens {
		first, second := m.cms.Login("account", account), m.cms.Login("account", account)
		b.Open(first.URL)
		return m.landed(second, b.Open(second.URL))
	}},
	{"back button", func(t *testing.T, m *matrix, b *vestibuletest.Browser, account string) *vestibuletest.Tokens {
		l := m.cms.Login("account", account)
		page := b.Open(l.URL)
		if !page.Back() { // the address of the last step, as a history would have it
			page = b.Open("/authorize/callback?" + page.URL.RawQuery)
		}
		return m.landed(l, page)
	}},
	{"swapped ids", func(t *testing.T, m *matrix, b *vestibuletest.Browser, account string) *vestibuletest.Tokens {
		// Somebody else has given password and code for the account, and this browser opens where that login ends.
		other := m.p.Browser()
		l := m.cms.Login("account", account)
		page := other.Open(l.URL)
		if page.Back() {
			t.Fatal("a fresh browser got in")
		}
		return m.landed(l, b.Open("/authorize/callback?"+page.URL.RawQuery))
	}},
	{"account changed in the form", func(t *testing.T, m *matrix, b *vestibuletest.Browser, account string) *vestibuletest.Tokens {
		l := m.cms.Login("account", "quiet")
		page := b.Open(l.URL)
		if page.Back() {
			return m.landed(l, page)
		}
		return m.landed(l, b.Submit("/login/account?"+page.URL.RawQuery, "account", account))
	}},
	{"device", func(t *testing.T, m *matrix, b *vestibuletest.Browser, account string) *vestibuletest.Tokens {
		var device struct {
			DeviceCode string `json:"device_code"`
			UserCode   string `json:"user_code"`
		}
		m.ask(t, "/device_authorization", http.StatusOK, &device, "scope", "openid", "account", account)
		m.p.Clock.Advance(time.Minute) // an address may try so many codes a minute
		page := b.Submit("/device", templates.FieldUserCode, device.UserCode)
		b.Submit("/login/device?"+page.URL.RawQuery, templates.FieldDecision, templates.DecisionAllow)
		var answer struct {
			IDToken string `json:"id_token"`
		}
		m.p.Clock.Advance(10 * time.Second)
		m.ask(t, "/token", 0, &answer, "grant_type", "urn:ietf:params:oauth:grant-type:device_code", "device_code", device.DeviceCode)
		if answer.IDToken == "" {
			return nil
		}
		id, err := m.cms.Provider.Verifier(&oidc.Config{ClientID: "cms", SkipExpiryCheck: true}).Verify(t.Context(), answer.IDToken)
		if err != nil {
			t.Fatal(err)
		}
		tokens := &vestibuletest.Tokens{ID: id}
		if err := id.Claims(&tokens.Claims); err != nil {
			t.Fatal(err)
		}
		return tokens
	}},
	{"refresh", func(t *testing.T, m *matrix, b *vestibuletest.Browser, account string) *vestibuletest.Tokens {
		l := m.cms.Login("account", account, "prompt", "none")
		tokens := m.landed(l, b.Open(l.URL))
		if tokens == nil {
			return nil
		}
		next, err := m.cms.Refresh(tokens)
		if err != nil {
			t.Errorf("what was just given cannot be refreshed: %v", err)
		}
		return next
	}},
}

// matrix is a provider with four accounts, of which two require a second factor.
type matrix struct {
	p   *vestibuletest.Provider
	cms *vestibuletest.RelyingParty
	ids map[string]string // account ids by slug
}

// TestThePolicyMatrix asks for every account, with every kind of session, in every way: the account requires a second
// factor ⇒ mfa in amr, given in this session for this account.
func TestThePolicyMatrix(t *testing.T) {
	vestibuletest.Each(t, vestibuletest.Config{Apply: walkHouse}, func(t *testing.T, p *vestibuletest.Provider) {
		m := &matrix{p: p, cms: p.RelyingParty("cms", vestibuletest.CMSSecret), ids: map[string]string{}}
		requires := map[string]bool{"guarded": true, "vault": true}
		for _, slug := range walkAccounts {
			a, err := p.DB.Account(t.Context(), slug)
			if err != nil {
				t.Fatal(err)
			}
			m.ids[slug] = string(a.ID)
		}
		for _, s := range sessionKinds {
			b := p.Browser()
			s.open(t, m, b)
			for _, way := range ways {
				for _, slug := range walkAccounts {
					t.Run(s.name+"/"+way.name+"/"+slug, func(t *testing.T) {
						tokens := way.take(t, m, b, slug)
						signedIn, coded := s.name != "no session", s.name == "a code for guarded"
						want := signedIn && way.name != "swapped ids" && (!requires[slug] || coded && slug == "guarded")
						switch {
						case way.name == "account changed in the form" && tokens != nil && tokens.Claims.AccountID != m.ids["quiet"]:
							t.Error("a form has changed the account that the client named")
						case way.name == "account changed in the form":
						case (tokens != nil) != want:
							t.Errorf("tokens: %v, want %v", tokens != nil, want)
						case tokens != nil && tokens.Claims.AccountID != m.ids[slug]:
							t.Errorf("the token is for %s", tokens.Claims.AccountName)
						}
						m.promise(t, tokens, requires)
					})
				}
			}
		}
	})
}

// enter logs Ada in.
func (m *matrix) enter(t *testing.T, b *vestibuletest.Browser, account string, code bool) {
	t.Helper()
	l := m.cms.Login("account", account)
	page := b.SignIn(l, vestibuletest.Ada, vestibuletest.AdaPassword)
	if code {
		page = b.GiveCode(page, m.p.NextCode(vestibuletest.AdaKey))
	}
	m.cms.Tokens(l, page)
}

// landed returns the tokens of a login that has come back with a code.
func (m *matrix) landed(l vestibuletest.Login, page vestibuletest.Page) *vestibuletest.Tokens {
	if !page.Back() {
		return nil
	}
	tokens, err := m.cms.Finish(l, page.URL)
	if err != nil {
		return nil
	}
	return tokens
}

// push hands a request over beforehand and returns the link that names it (RFC 9126).
func (m *matrix) push(t *testing.T, l vestibuletest.Login) string {
	t.Helper()
	link, err := url.Parse(l.URL)
	if err != nil {
		t.Fatal(err)
	}
	var pushed struct {
		RequestURI string `json:"request_uri"`
	}
	var pairs []string
	for name := range link.Query() {
		pairs = append(pairs, name, link.Query().Get(name))
	}
	m.ask(t, "/par", http.StatusCreated, &pushed, pairs...)
	link.RawQuery = url.Values{"client_id": {"cms"}, "request_uri": {pushed.RequestURI}}.Encode()
	return link.String()
}

// ask calls an endpoint as the cms and reads the answer; a status of 0 is any.
func (m *matrix) ask(t *testing.T, path string, status int, into any, pairs ...string) {
	t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r, _ := http.NewRequest(http.MethodPost, m.p.URL+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("cms", vestibuletest.CMSSecret)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil || status != 0 && answer.StatusCode != status {
		t.Fatalf("%s: %d %v", path, answer.StatusCode, err)
	}
}

// promise holds the invariant on one set of tokens.
func (m *matrix) promise(t *testing.T, tokens *vestibuletest.Tokens, requires map[string]bool) {
	t.Helper()
	if tokens == nil {
		return
	}
	for slug, id := range m.ids {
		if id == tokens.Claims.AccountID && requires[slug] && (!slices.Contains(tokens.Claims.AMR, "mfa") || tokens.Claims.ACR != identity.ACRTwoFactors) {
			t.Errorf("a token for %s says amr %v, acr %s", slug, tokens.Claims.AMR, tokens.Claims.ACR)
		}
	}
}
