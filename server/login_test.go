package server_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

var house = vestibuletest.Config{Apply: vestibuletest.House}

// intoAcme logs Ada into acme with password and code.
func intoAcme(t *testing.T, p *vestibuletest.Provider, rp *vestibuletest.RelyingParty, b *vestibuletest.Browser) *vestibuletest.Tokens {
	t.Helper()
	l := rp.Login("account", "acme")
	page := b.SignIn(l, vestibuletest.Ada, vestibuletest.AdaPassword)
	return rp.Tokens(l, b.GiveCode(page, p.NextCode(vestibuletest.AdaKey)))
}

// intoGlobex logs Ada into globex with a password.
func intoGlobex(t *testing.T, rp *vestibuletest.RelyingParty, b *vestibuletest.Browser) *vestibuletest.Tokens {
	t.Helper()
	l := rp.Login("account", "globex")
	return rp.Tokens(l, b.SignIn(l, vestibuletest.Ada, vestibuletest.AdaPassword))
}

// silently asks with prompt=none and returns the tokens or the error's code.
func silently(rp *vestibuletest.RelyingParty, b *vestibuletest.Browser, account string) (*vestibuletest.Tokens, string) {
	l := rp.Login("account", account, "prompt", "none")
	tokens, err := rp.Finish(l, b.Open(l.URL).URL)
	var answered vestibuletest.Answered
	if errors.As(err, &answered) {
		return nil, answered.Code
	}
	if err != nil {
		return nil, err.Error()
	}
	return tokens, ""
}

func TestALoginSaysWhatWasProvenAndForWhichAccount(t *testing.T) {
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		cms := p.RelyingParty("cms", vestibuletest.CMSSecret)
		b := p.Browser()
		l := cms.Login()
		chooser := b.SignIn(l, vestibuletest.Ada, vestibuletest.AdaPassword)
		if !strings.Contains(chooser.Body, "Globex Events") || chooser.Back() {
			t.Fatalf("no chooser: %s\n%s", chooser.URL, chooser.Body)
		}
		code := b.Choose(chooser, "acme")
		if !strings.Contains(code.Body, "Authenticator Code") {
			t.Fatalf("the page did not expand: %s", code.Body)
		}
		tokens := cms.Tokens(l, b.GiveCode(code, p.NextCode(vestibuletest.AdaKey)))
		c := tokens.Claims
		if !slices.Equal(c.AMR, []string{"pwd", "otp", "mfa"}) || c.ACR != identity.ACRTwoFactors || c.AccountName != "Acme Media" ||
			c.Tenant != c.AccountID || c.SID == "" || c.Nonce != l.Nonce || !slices.Equal(c.Roles, []string{"owner"}) {
			t.Errorf("claims: %+v", c)
		}
		// A second product, same browser, same account: single sign-on.
		events := p.RelyingParty("events", vestibuletest.EventsSecret)
		again, refused := silently(events, b, "acme")
		if refused != "" || again.Claims.SID != c.SID || again.Claims.AuthTime != c.AuthTime {
			t.Errorf("single sign-on: %q, %+v", refused, again)
		}
		// The plain account is entered as it is; a third one asks for a login of its own.
		if _, refused := silently(events, b, "globex"); refused != "" {
			t.Errorf("the plain account asked again: %s", refused)
		}
		if _, refused := silently(events, b, "initech"); refused != "login_required" {
			t.Errorf("another account with two factors answered %q", refused)
		}
	})
}

func TestSwitchingIntoAnAccountWithTwoFactorsIsANewLogin(t *testing.T) {
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		cms := p.RelyingParty("cms", vestibuletest.CMSSecret)
		b := p.Browser()
		plain := intoGlobex(t, cms, b)
		l := cms.Login("account", "acme")
		page := b.Open(l.URL)
		if !strings.Contains(page.Body, "Log out and continue") {
			t.Fatalf("no switch page: %s", page.Body)
		}
		page = b.Submit("/login/switch?" + page.URL.RawQuery)
		page = b.Submit(page.URL.String(), "email", vestibuletest.Ada, "password", vestibuletest.AdaPassword)
		tokens := cms.Tokens(l, b.GiveCode(page, p.NextCode(vestibuletest.AdaKey)))
		if tokens.Claims.ACR != identity.ACRTwoFactors {
			t.Errorf("acr %s", tokens.Claims.ACR)
		}
		if _, err := cms.Refresh(plain); err == nil {
			t.Error("the session that was logged out still refreshes")
		}
	})
}

func TestTurningTwoFactorsOnEndsAtOnceWhatDoesNotSatisfyIt(t *testing.T) {
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		cms := p.RelyingParty("cms", vestibuletest.CMSSecret)
		b := p.Browser()
		l := cms.Login("account", "globex")
		ben := cms.Tokens(l, b.SignIn(l, vestibuletest.Ben, vestibuletest.BenPassword))
		adas := p.Browser()
		acme := intoAcme(t, p, cms, adas)
		adaInGlobex, refused := silently(cms, adas, "globex")
		if refused != "" {
			t.Fatal(refused)
		}

		if _, err := p.Admin.RequireTwoFactor(t.Context(), "globex", identity.TwoFactorAll); err != nil {
			t.Fatal(err)
		}

		if _, err := cms.Refresh(ben); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
			t.Errorf("Ben's refresh: %v", err)
		}
		if _, err := cms.UserInfo(ben); err == nil {
			t.Error("Ben's userinfo still answers")
		}
		if _, refused := silently(cms, b, "globex"); refused != "login_required" {
			t.Errorf("Ben's session answers %q", refused)
		}
		if _, err := cms.Refresh(adaInGlobex); err == nil {
			t.Error("a code given for acme opened globex")
		}
		if _, err := cms.Refresh(acme); err != nil {
			t.Errorf("Ada's other account stopped working: %v", err)
		}
		p.Mail.WaitFor(t, vestibuletest.Ben, "Set up two-factor authentication for Globex Events")
		p.Mail.WaitFor(t, vestibuletest.Ada, "Nothing to do: Globex Events")
	})
}

func TestACodeIsGoodOnce(t *testing.T) {
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		cms := p.RelyingParty("cms", vestibuletest.CMSSecret)
		first, second := p.Browser(), p.Browser()
		l1, l2 := cms.Login("account", "acme"), cms.Login("account", "acme")
		page1 := first.SignIn(l1, vestibuletest.Ada, vestibuletest.AdaPassword)
		page2 := second.SignIn(l2, vestibuletest.Ada, vestibuletest.AdaPassword)
		code := p.NextCode(vestibuletest.AdaKey)
		if !first.GiveCode(page1, code).Back() {
			t.Fatal("the right code was refused")
		}
		if again := second.GiveCode(page2, code); again.Back() || again.Status != 422 {
			t.Errorf("the same code the second time: %d at %s", again.Status, again.URL)
		}
	})
}

func TestTheEmailedLinkLeadsToACodeThatOpensTheAccount(t *testing.T) {
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		letter := p.Mail.WaitFor(t, vestibuletest.Ben, "Set up two-factor authentication for Acme Media")
		link := letter.Links()[0]
		b := p.Browser()
		for range 20 { // what mail scanners do
			if page := b.Open(link); page.Status != 200 || strings.Contains(page.Body, "<svg role") {
				t.Fatalf("opening the link: %d", page.Status)
			}
		}
		page := b.Open(link)
		if page = b.Submit(page.URL.String(), "password", "wrong-wrong-wrong"); page.Status != 422 {
			t.Fatalf("a wrong password: %d", page.Status)
		}
		page = b.Submit(page.URL.String(), "password", vestibuletest.BenPassword)
		key := keyOn(t, page.Body)

		// Continue without checking: the first right code at login confirms the pairing.
		cms := p.RelyingParty("cms", vestibuletest.CMSSecret)
		l := cms.Login("account", "acme")
		code := b.SignIn(l, vestibuletest.Ben, vestibuletest.BenPassword)
		if !strings.Contains(code.Body, "Authenticator Code") {
			t.Fatalf("no code field: %s", code.Body)
		}
		tokens := cms.Tokens(l, b.GiveFirstCode(code, p.NextCode(key)))
		if tokens.Claims.ACR != identity.ACRTwoFactors {
			t.Errorf("acr %s", tokens.Claims.ACR)
		}
		if again := p.Browser().Open(link); !strings.Contains(again.Body, "orgot") || strings.Contains(again.Body, key) {
			t.Errorf("the used link: %s", again.Body)
		}
	})
}

func TestALinkIsRefusedAfterADay(t *testing.T) {
	p := vestibuletest.Start(t, house)
	link := p.Mail.WaitFor(t, vestibuletest.Ben, "Set up").Links()[0]
	p.Clock.Advance(24*time.Hour + time.Second)
	b := p.Browser()
	page := b.Open(link)
	if page = b.Submit("/enroll", "password", vestibuletest.BenPassword); strings.Contains(page.Body, "otpauth") {
		t.Error("an expired link revealed a QR code")
	}
}

// keyOn reads the key off the QR screen.
func keyOn(t *testing.T, body string) string {
	t.Helper()
	_, rest, found := strings.Cut(body, "secret=")
	if !found {
		t.Fatalf("no QR screen:\n%s", body)
	}
	key, _, _ := strings.Cut(rest, "&")
	return key
}
