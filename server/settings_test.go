package server_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/templates"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

// atSettings logs Cleo in, who has a password and nothing else, on the way to Settings.
func atSettings(p *vestibuletest.Provider) *vestibuletest.Browser {
	b := p.Browser()
	b.Submit(p.URL+"/login?next=/settings", templates.FieldEmail, vestibuletest.Cleo, templates.FieldPassword, vestibuletest.CleoPassword)
	return b
}

func TestR5_ANewPasswordEndsWhatIsOpenInProductsAndOtherBrowsers(t *testing.T) {
	t.Parallel()
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		cms := p.RelyingParty("cms", vestibuletest.CMSSecret)
		desk, laptop := p.Browser(), p.Browser()
		tokens := intoAcme(t, p, cms, laptop)
		elsewhere, refused := silently(cms, laptop, "globex")
		if refused != "" {
			t.Fatal(refused)
		}
		mine := intoAcme(t, p, cms, desk)

		b := desk
		page := b.Submit("/settings/password", templates.FieldCurrentPassword, vestibuletest.AdaPassword, templates.FieldPassword, renewed)
		if page.URL.String() != p.URL+"/settings?saved" {
			t.Fatalf("%d at %s\n%s", page.Status, page.URL, page.Body)
		}
		for what, old := range map[string]*vestibuletest.Tokens{"of the other browser": tokens, "of another account there": elsewhere, "of this browser": mine} {
			if _, err := cms.Refresh(old); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
				t.Errorf("a refresh token %s lives on: %v", what, err)
			}
			if _, err := cms.UserInfo(old); err == nil {
				t.Errorf("an access token %s lives on", what)
			}
		}
		for _, account := range []string{"acme", "globex"} {
			if _, refused := silently(cms, laptop, account); refused != "login_required" {
				t.Errorf("prompt=none for %s in the other browser answers %q", account, refused)
			}
		}
		if _, refused := silently(cms, desk, "acme"); refused != "" {
			t.Errorf("the browser in which it was changed is logged out: %q", refused)
		}
		p.Mail.WaitFor(t, vestibuletest.Ada, "Your password was changed")
	})
}

func TestR37_WhatAPersonEndsInSettingsIsEndedInProducts(t *testing.T) {
	t.Parallel()
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		cms := p.RelyingParty("cms", vestibuletest.CMSSecret)
		desk, laptop := p.Browser(), p.Browser()
		tokens := intoAcme(t, p, cms, laptop)
		mine := intoAcme(t, p, cms, desk)
		desk.Submit("/settings/sessions/end-others", "x", "y")
		if _, err := cms.Refresh(tokens); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
			t.Errorf("a refresh token lives on: %v", err)
		}
		if _, err := cms.UserInfo(tokens); err == nil {
			t.Error("an access token lives on")
		}
		if _, refused := silently(cms, laptop, "acme"); refused != "login_required" {
			t.Errorf("prompt=none answers %q", refused)
		}
		if _, err := cms.Refresh(mine); err != nil {
			t.Errorf("this browser's tokens are gone: %v", err)
		}
	})
}

// emailLink begins a change of Cleo's address and returns the link to the new one.
func emailLink(t *testing.T, p *vestibuletest.Provider, b *vestibuletest.Browser) string {
	t.Helper()
	b.Submit("/settings/email", templates.FieldEmail, "cleo@new.example")
	return p.Mail.WaitFor(t, "cleo@new.example", "Confirm your email address").Links()[0]
}

// settingsDeeds are the forms of Settings, each in a browser that is logged in.
func settingsDeeds(t *testing.T, f *fixture) []deed {
	t.Helper()
	p := f.provider
	b, reader := atSettings(p), p.Browser()
	reader.Open(emailLink(t, p, b))
	return []deed{
		{"a name", "/settings/profile", b, url.Values{templates.FieldName: {"Cleo Again"}}},
		{"an app", "/settings/authenticator", b, nil},
		{"one address", "/email/new", reader, nil},
		{"no new address", "/settings/email/withdraw", b, nil},
		{"the other sessions", "/settings/sessions/end-others", b, nil},
	}
}

// settingsDoors are the routes of Settings and the links it mails.
func (f *fixture) settingsDoors(t testing.TB) (doors []door) {
	add := func(method, path string, b *vestibuletest.Browser, query, fields url.Values) {
		doors = append(doors, door{method, path, []string{f.cookies(b)}, query, fields})
	}
	f.provider.Clock.Advance(time.Minute) // one address may not log in more often
	b := atSettings(f.provider)
	for _, path := range []string{"", "/profile", "/sessions", "/authenticator", "/authenticator/remove", "/two-factor/on", "/two-factor/off", "/password", "/email"} {
		add("GET", "/settings"+path, b, url.Values{"saved": {""}}, nil)
	}
	add("GET", "/settings/confirm", b, url.Values{"next": {"/settings/email"}}, nil)
	add("POST", "/settings/confirm", b, url.Values{"next": {"/settings/email"}}, url.Values{templates.FieldPassword: {"not-her-password"}})
	add("GET", "/login", f.provider.Browser(), url.Values{"next": {"/settings/email"}}, nil)
	add("POST", "/settings/profile", b, nil, url.Values{
		templates.FieldName: {"Cleo"}, templates.FieldGivenName: {"Cleo"}, templates.FieldFamilyName: {"Lindt"}, templates.FieldLanguage: {"de"}})
	add("POST", "/settings/password", b, nil, url.Values{templates.FieldCurrentPassword: {"not-her-password"}, templates.FieldPassword: {"short"}})
	add("POST", "/settings/email", b, nil, url.Values{templates.FieldEmail: {"cleo@new.example"}})
	add("POST", "/settings/sessions/end", b, nil, url.Values{templates.FieldSession: {forgedID}})
	add("POST", "/settings/authenticator/code", b, nil, url.Values{templates.FieldCode: {"123456"}})
	for _, path := range []string{"/authenticator", "/authenticator/cancel", "/authenticator/link", "/authenticator/remove", "/two-factor/off", "/email/withdraw"} {
		add("POST", "/settings"+path, b, nil, url.Values{"x": {"y"}})
	}
	for _, path := range []string{"/email/old", "/email/new"} {
		add("GET", path, b, nil, nil)
		add("POST", path, b, nil, url.Values{"x": {"y"}})
	}
	return doors
}
