package op_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

func TestR57_ACodeGivesTokensOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := w.login(basic, everything)
		first := w.redeem(l)
		if first.status != 200 || first.text("token_type") != "Bearer" || first.text("id_token") == "" || first.text("refresh_token") == "" ||
			first.text("scope") != "openid profile email" || first.claims["expires_in"] != 300.0 {
			t.Fatalf("first use: %d %s", first.status, first.raw)
		}
		if got := first.header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("Cache-Control of tokens: %q", got)
		}
		w.advance(30 * time.Second)
		if got := w.userinfo(first.text("access_token")); got.status != 200 {
			t.Fatalf("the access token does not work: %d %s", got.status, got.raw)
		}

		refused(t, "second use", w.redeem(l), 400, "invalid_grant")
		if got := w.userinfo(first.text("access_token")); got.status != 401 {
			t.Errorf("after a replay the access token still works: %d", got.status)
		}
		refused(t, "refresh after a replay", w.refresh(basic, first.text("refresh_token")), 400, "invalid_grant")
		refused(t, "third use", w.redeem(l), 400, "invalid_grant")
		found := w.recorded(identity.EventReplayDetected)
		if len(found) != 1 || found[0].UserID != w.ada.ID || found[0].ClientID != basic || found[0].Actor != "client:basic" || found[0].Address == "" {
			t.Errorf("the audit trail has %+v, want one replay", found)
		}
	})
}

func TestR57_ACodeIsBoundToItsClient(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := w.login(basic, everything)
		for _, thief := range []string{public, body, nopkce} {
			stolen := l
			stolen.client = thief
			refused(t, thief, w.redeem(stolen), 400, "invalid_grant")
		}
		if got := w.redeem(l); got.status != 200 {
			t.Fatalf("the attempts of others burned the code: %s", got.raw)
		}
		stolen := l
		stolen.client = public
		refused(t, "a used code of another client", w.redeem(stolen), 400, "invalid_grant")
		if len(w.recorded(identity.EventReplayDetected)) != 0 {
			t.Error("a stranger could end a login by showing its code")
		}
	})
}

func TestR57_ACodeLastsSixtySeconds(t *testing.T) {
	w := newWorld(t)
	in, over := w.login(basic, everything), w.login(basic, everything)
	w.advance(59 * time.Second)
	if got := w.redeem(in); got.status != 200 {
		t.Errorf("after 59 s: %d %s", got.status, got.raw)
	}
	w.advance(time.Second)
	refused(t, "after 60 s", w.redeem(over), 400, "invalid_grant")
}

// Also Trap 1: the library lets PKCE be skipped.
func TestR57_AFailedCheckBurnsTheCode(t *testing.T) {
	for _, row := range []struct {
		sentence string
		bend     func(url.Values)
	}{
		{"another redirect URI", func(f url.Values) { f.Set("redirect_uri", "https://cms.example/callback") }},
		{"a wrong verifier", func(f url.Values) { f.Set("code_verifier", identity.NewSecret()) }},
		{"no verifier", func(f url.Values) { f.Del("code_verifier") }},
		{"a verifier of 42 characters", func(f url.Values) { f.Set("code_verifier", f.Get("code_verifier")[:42]) }},
		{"the challenge as the verifier", func(f url.Values) {
			f.Set("code_verifier", string(identity.DigestOf(f.Get("code_verifier"))))
		}},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			w := newWorld(t)
			l := w.login(basic, everything)
			bent := l.form()
			row.bend(bent)
			refused(t, row.sentence, w.post("/token", basic, bent), 400, "invalid_grant")
			refused(t, "the right request after it", w.redeem(l), 400, "invalid_grant")
			grant, err := w.db.Grant(t.Context(), l.grant.ID)
			if err != nil || grant.RevokedAt.IsZero() {
				t.Errorf("the grant lives on: %+v, %v", grant, err)
			}
			if len(w.recorded(identity.EventGrantRevoked)) != 1 {
				t.Error("the audit trail does not say so")
			}
		})
	}
}

func TestR52_AVerifierWithoutAChallengeIsRefused(t *testing.T) {
	w := newWorld(t)
	plain := wish{scopes: []string{"openid"}, withoutPKCE: true}
	if got := w.redeem(w.login(nopkce, plain)); got.status != 200 {
		t.Fatalf("a client that may go without PKCE: %d %s", got.status, got.raw)
	}
	l := w.login(nopkce, plain)
	l.verifier = identity.NewSecret()
	refused(t, "a verifier without a challenge", w.redeem(l), 400, "invalid_grant")
}

func TestR48_WhatHappensBetweenCodeAndTokenCounts(t *testing.T) {
	for _, change := range changes {
		t.Run(change.sentence, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				l := w.login(basic, wish{scopes: []string{"openid"}, withoutCode: true})
				change.happens(w)
				refused(t, change.sentence, w.redeem(l), 400, "invalid_grant")
				if grant, err := w.db.Grant(t.Context(), l.grant.ID); err != nil || grant.RevokedAt.IsZero() {
					t.Errorf("the grant lives on: %+v, %v", grant, err)
				}
			})
		})
	}
}

func TestALoginWithACodeOutlivesTheSwitch(t *testing.T) {
	w := newWorld(t)
	l := w.login(basic, everything)
	w.requireCode()
	got := w.redeem(l)
	if got.status != 200 {
		t.Fatalf("a login that has proven the code: %d %s", got.status, got.raw)
	}
	if got := w.refresh(basic, got.text("refresh_token")); got.status != 200 {
		t.Errorf("its refresh: %d %s", got.status, got.raw)
	}
}

func TestAClientThatIsNotRegisteredForRefreshTokensGetsNone(t *testing.T) {
	w := newWorld(t)
	if got := w.redeemed(nopkce, wish{scopes: []string{"openid", "offline_access"}}); got.text("refresh_token") != "" {
		t.Error("a refresh token was given")
	}
}
