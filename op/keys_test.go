package op_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

func TestR75_KeysArePublishedInTheirPublicPartBeforeAndAfterTheySign(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		next, err := identity.NewSigningKey(identity.ES256, h.now(), h.now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		old := signingKeys()[1]
		old.Retire(next.ActiveAt)
		h.write(func(tx *storage.Tx) error {
			return firstError(tx.SaveSigningKey(t.Context(), next), tx.SaveSigningKey(t.Context(), old))
		})
		kids := func() (ids []string) {
			var set struct{ Keys []map[string]string }
			body := h.browser().get("/keys").body
			if err := json.Unmarshal([]byte(body), &set); err != nil {
				t.Fatal(err)
			}
			for _, key := range set.Keys {
				if key["use"] != "sig" || key["alg"] == "" || key["kid"] == "" || key["d"] != "" || key["p"] != "" {
					t.Errorf("key %v", key)
				}
				ids = append(ids, key["kid"])
			}
			return ids
		}
		if got := kids(); len(got) != 3 || !slices.Contains(got, next.ID) || !slices.Contains(got, old.ID) {
			t.Errorf("before the change: %v", got)
		}
		h.advance(26*time.Hour + time.Second)
		if got := kids(); len(got) != 2 || slices.Contains(got, old.ID) {
			t.Errorf("a day after the change: %v", got)
		}
	})
}

func TestR75_AKeySignsFromItsHourOnAndNotBefore(t *testing.T) {
	h := newHouse(t)
	next, err := identity.NewSigningKey(identity.RS256, h.now(), h.now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	h.write(func(tx *storage.Tx) error { return tx.SaveSigningKey(t.Context(), next) })
	b := h.browser()
	h.signIn(b)
	signedWith := func() string {
		code := b.authorize(wanting("cms", "account", "globex")).query().Get("code")
		a := b.post("/token", url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}, "code_verifier": {verifier}},
			"Authorization", "Basic Y21zOnNlY3JldA==")
		var told struct {
			IDToken string `json:"id_token"`
		}
		if err := json.Unmarshal([]byte(a.body), &told); err != nil {
			t.Fatal(a.StatusCode, a.body)
		}
		token, err := jose.ParseSignedCompact(told.IDToken, []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			t.Fatal(err)
		}
		return token.Signatures[0].Header.KeyID
	}
	h.advance(time.Hour - time.Second)
	if kid := signedWith(); kid != signingKeys()[0].ID {
		t.Errorf("a second before its hour: signed with %s", kid)
	}
	h.advance(2 * time.Second) // the keys are still remembered
	if kid := signedWith(); kid != next.ID {
		t.Errorf("a second after its hour: signed with %s, want the new key", kid)
	}
}

func TestAKeyMadeByAnotherReplicaIsKnownAtOnce(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	h.signIn(b, h.code(h.acme))
	silent := func(hint string) string {
		return b.authorize(wanting("cms", "account", "acme", "prompt", "none", "id_token_hint", hint)).outcome()
	}
	if got := silent(h.token(h.claims("cms", ""), "JWT")); got != "code" {
		t.Fatal(got) // and now the keys are remembered
	}
	next, _ := identity.NewSigningKey(identity.ES256, h.now(), h.now())
	h.write(func(tx *storage.Tx) error { return tx.SaveSigningKey(t.Context(), next) })
	h.advance(2 * time.Second)
	if got := silent(h.signedBy(next, h.claims("cms", ""))); got != "code" {
		t.Errorf("a token signed with a key two seconds old: %s", got)
	}
}

func TestWithoutASigningKeyNoCodeIsBurned(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	h.signIn(b)
	code := b.authorize(wanting("cms", "account", "globex")).query().Get("code")
	redeem := func() reply {
		return b.post("/token", url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}, "code_verifier": {verifier}},
			"Authorization", "Basic Y21zOnNlY3JldA==")
	}
	keys := func(activeAt time.Time) {
		for _, key := range signingKeys() {
			key.ActiveAt = activeAt
			h.write(func(tx *storage.Tx) error { return tx.SaveSigningKey(t.Context(), key) })
		}
		h.advance(11 * time.Second)
	}
	keys(h.now().Add(time.Hour))
	if a := redeem(); a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" || !strings.Contains(a.body, "temporarily_unavailable") {
		t.Errorf("without an active key: %d %s %v", a.StatusCode, a.body, a.Header)
	}
	keys(start)
	if a := redeem(); a.StatusCode != http.StatusOK {
		t.Errorf("with the key back: %d %s", a.StatusCode, a.body)
	}
}

func TestR76_WhatARevokedKeyHasSignedIsWorthNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		got := w.redeemed(body, everything)
		access, id := got.text("access_token"), got.text("id_token")
		if info := w.userinfo(access); info.status != 200 {
			t.Fatalf("before: %d %s", info.status, info.raw)
		}
		for _, key := range signingKeys() {
			next, err := identity.NewSigningKey(key.Algorithm, w.now(), w.now())
			w.check(err)
			key.Revoke(w.now())
			w.write(func(tx *storage.Tx) error {
				return firstError(tx.SaveSigningKey(t.Context(), key), tx.SaveSigningKey(t.Context(), next))
			})
		}
		w.advance(10 * time.Second) // every replica has read its keys again
		refused(t, "the access token at userinfo", w.userinfo(access), 401, "invalid_token")
		if w.active(body, access) {
			t.Error("introspection still knows the access token")
		}
		for _, key := range signingKeys() {
			if keys := w.get("/keys"); strings.Contains(keys.raw, key.ID) {
				t.Errorf("%s is still published", key.ID)
			}
		}
		hinted := wanting(body, "redirect_uri", returnTo, "prompt", "none", "id_token_hint", id)
		if got := w.browser().authorize(hinted).outcome(); got != "invalid_request" {
			t.Errorf("its ID token as a hint: %s", got)
		}
		again := w.post("/token", body, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.text("refresh_token")}})
		if again.status != 200 || w.userinfo(again.text("access_token")).status != 200 {
			t.Errorf("life does not go on: %d %s", again.status, again.raw)
		}
	})
}
