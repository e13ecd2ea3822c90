package server_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

// TestR37_WhatOneReplicaSwitchesOnTheOtherRefusesAtOnce holds for whatever a person still has of an
// account when it begins to ask for a code.
func TestR37_WhatOneReplicaSwitchesOnTheOtherRefusesAtOnce(t *testing.T) {
	endsAtTheOther(t, func(p *vestibuletest.Provider) error {
		_, err := p.Admin.RequireTwoFactor(t.Context(), "globex", identity.TwoFactorAll)
		return err
	})
}

func TestR37_WhomOneReplicaDisablesTheOtherRefusesAtOnce(t *testing.T) {
	endsAtTheOther(t, func(p *vestibuletest.Provider) error {
		_, err := p.Admin.DisableUser(t.Context(), vestibuletest.Ben)
		return err
	})
}

func TestR37_WhatOneReplicaEndsTheOtherRefusesAtOnce(t *testing.T) {
	endsAtTheOther(t, func(p *vestibuletest.Provider) error {
		_, err := p.Admin.RemoveSessions(t.Context(), vestibuletest.Ben, "")
		return err
	})
}

// endsAtTheOther does an act at one replica and asks the other for all that Ben had open. Everything is asked once: the first
// answer must be right.
func endsAtTheOther(t *testing.T, act func(*vestibuletest.Provider) error) {
	t.Helper()
	p := onPostgres(t, house)
	other := strings.TrimPrefix(p.Replica(), "http://")
	cms, b := p.RelyingParty("cms", vestibuletest.CMSSecret), p.Browser()
	f := &fixture{stranger: stranger{p, other}, rp: cms}
	l := cms.Login("account", "globex")
	tokens := cms.Tokens(l, b.SignIn(l, vestibuletest.Ben, vestibuletest.BenPassword))
	inFlight := cms.Login("account", "globex")
	code := b.Open(inFlight.URL).Query("code")

	credentials := basic("cms", vestibuletest.CMSSecret)
	silent := strings.TrimPrefix(cms.Login("account", "globex", "prompt", "none").URL, p.URL)
	asked := []struct {
		what    string
		attempt attempt
		good    string // in the answer while it counts
		refused string // in the answer once it does not
	}{
		{"userinfo", attempt{"GET", "/userinfo", []string{"Authorization: Bearer " + tokens.AccessToken}, ""}, `"account_name"`, "invalid_token"},
		{"introspection", attempt{"POST", "/introspect", []string{formType, credentials}, "token=" + tokens.AccessToken}, `"active":true`, `{"active":false}`},
		{"a refresh", attempt{"POST", "/token", []string{formType, credentials}, "grant_type=refresh_token&refresh_token=" + tokens.RefreshToken}, `"id_token"`, "invalid_grant"},
		{"prompt=none", attempt{"GET", silent, []string{f.cookies(b)}, ""}, "code=", "error=login_required"},
	}
	for _, a := range asked { // also so that the other replica has read, and may remember, all of it
		got := f.try(t, a.attempt)
		if !strings.Contains(got.body+got.header.Get("Location"), a.good) {
			t.Fatalf("%s at the other replica: %d %s %s", a.what, got.status, got.header.Get("Location"), got.body)
		}
	}

	if err := act(p); err != nil {
		t.Fatal(err)
	}
	for _, a := range asked {
		got := f.try(t, a.attempt)
		if said := got.body + got.header.Get("Location"); !strings.Contains(said, a.refused) || strings.Contains(said, a.good) {
			t.Errorf("%s at the other replica afterwards: %d %s", a.what, got.status, said)
		}
	}
	redeem := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {vestibuletest.RedirectURI}, "code_verifier": {inFlight.Verifier}}
	if got := f.try(t, attempt{"POST", "/token", []string{formType, credentials}, redeem.Encode()}); !strings.Contains(got.body, "invalid_grant") {
		t.Errorf("the code in flight: %d %s", got.status, got.body)
	}
}

// TestR48_ALockIsNoticedAtEveryLaterStep shuts a person out in the middle of a login.
func TestR48_ALockIsNoticedAtEveryLaterStep(t *testing.T) {
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		cms := p.RelyingParty("cms", vestibuletest.CMSSecret)
		shut := func() {
			if _, err := p.Admin.DisableUser(t.Context(), vestibuletest.Ada); err != nil {
				t.Fatal(err)
			}
		}
		open := func() {
			if _, err := p.Admin.EnableUser(t.Context(), vestibuletest.Ada); err != nil {
				t.Fatal(err)
			}
		}
		b := p.Browser()
		page := b.SignIn(cms.Login("account", "acme"), vestibuletest.Ada, vestibuletest.AdaPassword)
		shut()
		if page := b.GiveCode(page, p.NextCode(vestibuletest.AdaKey)); page.Back() || !strings.Contains(page.Body, `name="password"`) {
			t.Errorf("between password and code: %d at %s", page.Status, page.URL)
		}
		if page := p.Browser().SignIn(cms.Login("account", "acme"), vestibuletest.Ada, vestibuletest.AdaPassword); page.Back() || !strings.Contains(page.Body, "Email or password is not right") {
			t.Errorf("a disabled person: %d at %s", page.Status, page.URL)
		}
		open()

		b = p.Browser()
		l := cms.Login("account", "acme")
		page = b.GiveCode(b.SignIn(l, vestibuletest.Ada, vestibuletest.AdaPassword), p.NextCode(vestibuletest.AdaKey))
		if !page.Back() {
			t.Fatalf("the login did not come back: %d at %s", page.Status, page.URL)
		}
		shut()
		if _, err := cms.Finish(l, page.URL); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
			t.Errorf("between code and token: %v", err)
		}
		open()
		if page := b.Open(cms.Login("account", "acme").URL); page.Back() {
			t.Error("the session of before goes on")
		}
	})
}
