package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

const renewed = "copper kite hums at dusk"

// resetLink asks for a reset and returns the link in the letter.
func resetLink(t *testing.T, p *vestibuletest.Provider, email string) string {
	t.Helper()
	p.Mail.Clear()
	p.Browser().Submit(p.URL+"/forgot", templates.FieldEmail, email)
	return p.Mail.WaitFor(t, email, "Choose a new password").Links()[0]
}

func TestR31_AResetEndsWhatIsOpenInProductsAndBrowsers(t *testing.T) {
	t.Parallel()
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		cms := p.RelyingParty("cms", vestibuletest.CMSSecret)
		desk, laptop := p.Browser(), p.Browser()
		tokens := intoAcme(t, p, cms, desk)
		intoGlobex(t, cms, laptop)

		link := resetLink(t, p, vestibuletest.Ada)
		b := p.Browser()
		b.Open(link)
		done := b.Submit("/reset", templates.FieldPassword, renewed, templates.FieldCode, p.NextCode(vestibuletest.AdaKey))
		if done.URL.Path != "/reset/done" {
			t.Fatalf("%d at %s\n%s", done.Status, done.URL, done.Body)
		}
		if _, err := cms.Refresh(tokens); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
			t.Errorf("a refresh token lives on: %v", err)
		}
		if _, err := cms.UserInfo(tokens); err == nil {
			t.Error("an access token lives on")
		}
		for _, other := range []*vestibuletest.Browser{desk, laptop, b} {
			for _, account := range []string{"acme", "globex"} {
				if _, refused := silently(cms, other, account); refused != "login_required" {
					t.Errorf("prompt=none for %s answers %q", account, refused)
				}
			}
		}
		p.Mail.WaitFor(t, vestibuletest.Ada, "Your password was reset")
		p.Mail.WaitFor(t, vestibuletest.Ada, "Set up your authenticator app again")
		if secret := link[strings.LastIndex(link, "/")+1:]; strings.Contains(p.Log.String(), secret) {
			t.Error("the log has the link (R29)")
		}
	})
}

func TestR32_AResetOpensNoAccountThatAsksForACode(t *testing.T) {
	t.Parallel()
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		cms := p.RelyingParty("cms", vestibuletest.CMSSecret)
		b := p.Browser()
		b.Open(resetLink(t, p, vestibuletest.Ada))
		b.Submit("/reset", templates.FieldPassword, renewed, templates.FieldCode, p.NextCode(vestibuletest.AdaKey)) // and the tab is closed
		for _, account := range []string{"acme", "initech"} {
			l := cms.Login("account", account)
			page := p.Browser().SignIn(l, vestibuletest.Ada, renewed)
			if page.Back() || strings.Contains(page.Body, "otpauth") {
				t.Errorf("%s: at %s", account, page.URL)
			}
		}
		l := cms.Login("account", "globex")
		if tokens := cms.Tokens(l, p.Browser().SignIn(l, vestibuletest.Ada, renewed)); tokens.Claims.ACR != identity.ACROneFactor {
			t.Errorf("acr %s", tokens.Claims.ACR)
		}
	})
}

// resetDeeds are the forms around a forgotten password, each in a state in which posting it changes something.
func resetDeeds(t *testing.T, f *fixture) []deed {
	t.Helper()
	p := f.provider
	opened := func(link string) *vestibuletest.Browser {
		b := p.Browser()
		b.Open(link)
		return b
	}
	cleo, err := p.DB.UserByEmail(t.Context(), vestibuletest.Cleo)
	if err != nil {
		t.Fatal(err)
	}
	alarm, secret := identity.NewLink(identity.LinkNotMe, cleo, p.Clock.Now())
	if err := p.DB.Write(t.Context(), func(tx *storage.Tx) error { return tx.AddLink(t.Context(), alarm) }); err != nil {
		t.Fatal(err)
	}
	return []deed{
		{"a lost authenticator", "/lost", opened(resetLink(t, p, vestibuletest.Ada)), nil},
		{"a new password", "/reset", opened(resetLink(t, p, vestibuletest.Cleo)), url.Values{templates.FieldPassword: {renewed}}},
		{"this wasn't me", "/not-me", opened(p.URL + "/not-me/" + secret), nil},
		{"a forgotten password", "/forgot", p.Browser(), url.Values{templates.FieldEmail: {vestibuletest.Ben}}},
	}
}

// TestR28_NoHeaderDecidesWhereAResetLinkLeads goes through the whole server, which reads some of these headers for other ends.
func TestR28_NoHeaderDecidesWhereAResetLinkLeads(t *testing.T) {
	t.Parallel()
	f := underAttack(t)
	p := f.provider
	for _, header := range []string{"Host: evil.example", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: http", "Forwarded: host=evil.example;proto=http"} {
		p.Mail.Clear()
		p.Clock.Advance(time.Hour)
		got := f.try(t, attempt{"POST", "/forgot", []string{formType, "Origin: " + p.URL, header}, "email=" + url.QueryEscape(vestibuletest.Ada)})
		if got.status != http.StatusSeeOther || got.header.Get("Location") != "/forgot/sent?email=ada%40example.com" {
			t.Errorf("%s: %d to %q", header, got.status, got.header.Get("Location"))
			continue
		}
		letter := p.Mail.WaitFor(t, vestibuletest.Ada, "Choose a new password")
		if link := letter.Links()[0]; !strings.HasPrefix(link, p.URL+"/reset/") || strings.Contains(string(letter.Raw), "evil.example") {
			t.Errorf("%s: %s", header, link)
		}
	}
}
