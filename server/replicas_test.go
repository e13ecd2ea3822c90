package server_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

// TestR37_WhatOneReplicaSwitchesOnTheOtherRefusesAtOnce holds for whatever a person still has of an
// account when it begins to ask for a code. Everything is asked once: the first answer must be right.
func TestR37_WhatOneReplicaSwitchesOnTheOtherRefusesAtOnce(t *testing.T) {
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

	if _, err := p.Admin.RequireTwoFactor(t.Context(), "globex", identity.TwoFactorAll); err != nil {
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
