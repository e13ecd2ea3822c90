package server_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/templates"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

// seen collects the secrets that pass by in a story, by what they are.
type seen struct {
	mu      sync.Mutex
	secrets map[string]string // secret → what it is
}

func (s *seen) add(what string, secrets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range secrets {
		if secret != "" {
			s.secrets[secret] = what
		}
	}
}

// watch makes a browser's cookies, codes and links known to s, as the browser sees them.
func (s *seen) watch(b *vestibuletest.Browser) *vestibuletest.Browser {
	b.Transport = watching{s, http.DefaultTransport}
	return b
}

type watching struct {
	*seen
	http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (w watching) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := w.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	for _, c := range response.Cookies() {
		w.add("the cookie "+c.Name, c.Value)
	}
	if to, err := response.Location(); err == nil {
		w.add("an authorization code", to.Query().Get("code"))
	}
	return response, nil
}

func (s *seen) tokens(t *vestibuletest.Tokens) *vestibuletest.Tokens {
	id, _ := t.Extra("id_token").(string)
	s.add("an ID token", id)
	s.add("an access token", t.AccessToken)
	s.add("a refresh token", t.RefreshToken)
	return t
}

// shapes are the ways a secret could be written down.
func shapes(secret string) []string {
	all := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), hex.EncodeToString([]byte(secret)), fmt.Sprintf("%X", secret)}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 { // wherever it stands in what was encoded
			text := encoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + secret))
			all = append(all, text[[]int{0, 2, 3}[shift]:len(text)-1])
		}
	}
	return all
}

// digitsIn finds a code where it stands for itself: not inside a number, a time or an id. It returns -1
// where it does not.
func digitsIn(text, code string) int {
	part := func(c byte) bool {
		return c < 0x80 && strings.IndexByte(".,+/_-", c) >= 0 || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
	}
	for from := 0; ; from++ {
		at := strings.Index(text[from:], code)
		if at < 0 {
			return -1
		}
		from += at
		end := from + len(code)
		if !(from > 0 && part(text[from-1])) && !(end < len(text) && part(text[end])) {
			return from
		}
	}
}

// notIn reports every secret that stands in a text, in any shape.
func (s *seen) notIn(t *testing.T, where, text string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.secrets) < 40 {
		t.Errorf("the story had %d secrets only", len(s.secrets))
	}
	for secret, what := range s.secrets {
		if len(secret) == 6 {
			if at := digitsIn(text, secret); at >= 0 {
				t.Errorf("%s holds %s %q: …%q…", where, what, secret, around(text, at))
			}
			continue
		}
		for _, shape := range shapes(secret) {
			if at := strings.Index(text, shape); at >= 0 {
				t.Errorf("%s holds %s %q as %q: …%q…", where, what, secret, shape, around(text, at))
				break
			}
		}
	}
}

func around(text string, at int) string { return text[max(0, at-60):min(len(text), at+100)] }

// story is everything a provider does with secrets, told by one who writes them all down.
type story struct {
	*seen
	*fixture
	t *testing.T
}

func TestR79_R89_NeitherDatabaseNorLogHoldASecret(t *testing.T) {
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		before := slog.Default() // libraries write there
		slog.SetDefault(slog.New(slog.NewTextHandler(p.Log, &slog.HandlerOptions{Level: slog.LevelDebug})))
		defer slog.SetDefault(before)
		s := story{&seen{secrets: map[string]string{}}, &fixture{stranger: newStranger(p), rp: p.RelyingParty("cms", vestibuletest.CMSSecret)}, t}
		s.add("a password", vestibuletest.AdaPassword, vestibuletest.BenPassword, vestibuletest.CleoPassword)
		s.add("a client's secret", vestibuletest.CMSSecret, vestibuletest.EventsSecret, vestibuletest.JWTSecret)
		s.authenticator(vestibuletest.AdaKey)

		s.enrolls()
		s.errs()
		s.logsIn()
		s.misplaces()

		s.notIn(t, "the database", p.Dump())
		s.notIn(t, "the log", p.Log.String())
		if !strings.Contains(p.Dump(), vestibuletest.Ben) || !strings.Contains(p.Log.String(), "/enroll") {
			t.Error("the wrong database or log was searched")
		}
	})
}

// authenticator notes a key in the forms it has: as text and as bytes.
func (s story) authenticator(key string) {
	secret, err := identity.ParseTOTPKeyText(key)
	if err != nil {
		s.t.Fatal(err)
	}
	s.add("an authenticator's key", key, string(secret), strings.ToLower(key), strings.TrimSpace(identity.TOTPKeyText(secret)))
}

func (s story) code(key string) string {
	code := s.provider.NextCode(key)
	s.add("a code", code)
	return code
}

// enrolls sets Ben up by the emailed link, with a wrong password and a wrong code on the way.
func (s story) enrolls() {
	p := s.provider
	link := p.Mail.WaitFor(s.t, vestibuletest.Ben, "Set up").Links()[0]
	s.add("a link", strings.TrimPrefix(link, p.URL+"/enroll/"))
	b := s.watch(p.Browser())
	for _, target := range []string{link, p.URL + "//enroll/" + strings.TrimPrefix(link, p.URL+"/enroll/"), link + ".", strings.Replace(link, "/enroll/", "/enrol/", 1)} {
		b.Open(target)
	}
	b.Submit(link, templates.FieldPassword, vestibuletest.BenPassword) // a form for the wrong address
	s.add("a wrong password", "violin-cedar-comet-wrong")
	b.Open(link)
	b.Submit("/enroll", templates.FieldPassword, "violin-cedar-comet-wrong")
	key := keyOn(s.t, b.Submit("/enroll", templates.FieldPassword, vestibuletest.BenPassword).Body)
	s.authenticator(key)
	wrong := p.Code(key)[1:] + "0"
	s.add("a wrong code", wrong)
	b.Submit("/enroll/code", templates.FieldCode, wrong)
	done := b.Submit("/enroll/code", templates.FieldCode, s.code(key))
	codes := regexp.MustCompile(`\b(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}\b`).FindAllString(done.Body, identity.RecoveryCodeCount)
	if len(codes) != identity.RecoveryCodeCount {
		s.t.Fatalf("the app is not set up: %d at %s", done.Status, done.URL)
	}
	for _, code := range codes {
		s.add("a recovery code", code)
		s.add("a recovery code without dashes", strings.ReplaceAll(code, "-", ""))
	}
	l := s.rp.Login("account", "acme")
	page := b.SignIn(l, vestibuletest.Ben, vestibuletest.BenPassword)
	s.tokens(s.rp.Tokens(l, b.GiveCode(page, s.code(key))))
	p.Apply("people:\n  - {email: dana@example.com, name: Dana, password: willow-harbor-prism, memberships: {acme: member}}\n")
	s.add("a password", "willow-harbor-prism")
	s.add("a link nobody opened", strings.TrimPrefix(p.Mail.WaitFor(s.t, "dana@example.com", "Set up").Links()[0], p.URL+"/enroll/"))
}

// errs enters secrets that are wrong, or in the wrong field.
func (s story) errs() {
	b := s.watch(s.provider.Browser())
	s.add("a wrong password", "orbit-lantern-plum-wrong", "typed-into-the-wrong-field")
	b.SignIn(s.rp.Login("account", "acme"), vestibuletest.Ada, "orbit-lantern-plum-wrong")
	b.SignIn(s.rp.Login("account", "acme"), "typed-into-the-wrong-field", vestibuletest.Ada)
	page := b.SignIn(s.rp.Login("account", "acme"), vestibuletest.Ada, vestibuletest.AdaPassword)
	s.add("a wrong code", "918273")
	b.GiveCode(page, "918273")
	b.GiveCode(page, vestibuletest.AdaPassword)
	b.Submit(page.URL.String()+"&code=918273&password="+vestibuletest.AdaPassword, templates.FieldCode, "918273")
	b.Open(page.URL.String() + "&password=" + vestibuletest.AdaPassword)
}

// logsIn uses every kind of token, and logs out.
func (s story) logsIn() {
	p := s.provider
	jwt, app := p.RelyingParty("jwt", vestibuletest.JWTSecret), p.RelyingParty("app", "")
	for _, rp := range []*vestibuletest.RelyingParty{s.rp, jwt, app} {
		b := s.watch(p.Browser())
		l := rp.Login("account", "acme")
		s.add("a code verifier", l.Verifier)
		page := b.SignIn(l, vestibuletest.Ada, vestibuletest.AdaPassword)
		tokens := s.tokens(rp.Tokens(l, b.GiveCode(page, s.code(vestibuletest.AdaKey))))
		if _, err := rp.UserInfo(tokens); err != nil {
			s.t.Error(err)
		}
		renewed, err := rp.Refresh(tokens)
		if err != nil {
			s.t.Fatal(err)
		}
		s.tokens(renewed)
		s.introspects(tokens.AccessToken, renewed.RefreshToken)
		id, _ := tokens.Extra("id_token").(string)
		b.Open("/end_session?id_token_hint=" + id)
		if again, _ := silently(rp, b, "acme"); again != nil {
			s.t.Error("still logged in")
		}
		if _, err := rp.Refresh(renewed); err == nil {
			s.t.Error("a refresh token outlived its session")
		}
		b.Submit("/logout")
	}
}

// introspects shows tokens to every route that takes one, as a client with and without a right to it.
func (s story) introspects(tokens ...string) {
	for _, token := range tokens {
		form := url.Values{"token": {token}}.Encode()
		for _, credentials := range []string{basic("cms", vestibuletest.CMSSecret), basic("jwt", vestibuletest.JWTSecret), basic("cms", vestibuletest.EventsSecret)} {
			s.try(s.t, attempt{"POST", "/introspect", []string{formType, credentials}, form})
		}
		got := s.try(s.t, attempt{"POST", "/token", []string{formType, basic("jwt", vestibuletest.JWTSecret)}, "grant_type=client_credentials"})
		_, access, _ := strings.Cut(got.body, `"access_token":"`)
		access, _, _ = strings.Cut(access, `"`)
		s.add("a client's access token", access)
	}
}

// misplaces sends secrets where they do not belong.
func (s story) misplaces() {
	b := s.watch(s.provider.Browser())
	l := s.rp.Login("account", "globex")
	tokens := s.tokens(s.rp.Tokens(l, b.SignIn(l, vestibuletest.Cleo, vestibuletest.CleoPassword)))
	id, _ := tokens.Extra("id_token").(string)
	cms := basic("cms", vestibuletest.CMSSecret)
	agent := "User-Agent: vestibule\r\n level=FAKE msg=forged" // folded, as RFC 7230 allowed it
	for _, a := range []attempt{
		{"GET", "/userinfo?access_token=" + tokens.AccessToken, nil, ""},
		{"GET", "/token?client_secret=" + vestibuletest.CMSSecret + "&refresh_token=" + tokens.RefreshToken, nil, ""},
		{"POST", "/token?client_secret=" + vestibuletest.CMSSecret, []string{formType}, "grant_type=client_credentials&client_id=cms"},
		{"POST", "/token", []string{formType, cms}, "grant_type=" + tokens.RefreshToken},
		{"POST", "/token", []string{formType, cms}, "grant_type=refresh_token&refresh_token=" + tokens.AccessToken},
		{"POST", "/token", []string{formType, cms}, "grant_type=authorization_code&redirect_uri=x&code=" + tokens.RefreshToken},
		{"POST", "/token", []string{formType, basic(vestibuletest.CMSSecret, "cms")}, "grant_type=client_credentials"},
		{"POST", "/token", []string{formType, "Authorization: Bearer " + tokens.AccessToken}, "grant_type=client_credentials"},
		{"POST", "/revoke", []string{formType, basic("events", vestibuletest.EventsSecret)}, "token_type_hint=" + id + "&token=" + tokens.RefreshToken},
		{"GET", "/authorize?client_id=" + vestibuletest.CMSSecret, nil, ""},
		{"GET", "/authorize?client_id=cms&redirect_uri=" + id, nil, ""},
		{"GET", strings.TrimPrefix(s.rp.Login("id_token_hint", tokens.AccessToken, "prompt", tokens.RefreshToken).URL, s.provider.URL), nil, ""},
		{"GET", "/end_session?post_logout_redirect_uri=" + tokens.AccessToken + "&id_token_hint=" + id + "x", nil, ""},
		{"GET", "/authorize/callback?request=" + tokens.RefreshToken, nil, ""},
		{"GET", "/login?request=" + tokens.RefreshToken, nil, ""},
		{"GET", "/" + tokens.RefreshToken, nil, ""},
		{"GET", "/login", []string{agent}, ""},
	} {
		s.try(s.t, a)
	}
	s.agentsWithLines(agent)
	for line := range strings.Lines(s.provider.Log.String()) {
		if !strings.HasPrefix(line, "time=") {
			s.t.Errorf("a line of the log is not ours: %q", line)
		}
	}
}

// agentsWithLines logs in with such a browser: what is kept of it stays on its line.
func (s story) agentsWithLines(agent string) {
	b, _, page := s.waiting("globex")
	fields := url.Values{templates.FieldEmail: {vestibuletest.Cleo}, templates.FieldPassword: {vestibuletest.CleoPassword}}
	got := s.send(s.t, attempt{"POST", page.URL.RequestURI(), []string{s.cookies(b), formType, agent}, fields.Encode()})
	for _, cookie := range (&http.Response{Header: got.header}).Cookies() {
		s.add("a cookie", cookie.Value)
	}
	dump := s.provider.Dump()
	if got.status != http.StatusSeeOther || !strings.Contains(dump, "level=FAKE") {
		s.t.Errorf("the login answered %d, and the agent was kept: %t", got.status, strings.Contains(dump, "level=FAKE"))
	}
	if at := strings.Index(dump, "level=FAKE"); at > 0 && bytes.ContainsAny([]byte(dump[at-2:at]), "\r\n") {
		s.t.Error("an agent was kept with its line breaks")
	}
}
