package op_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

func TestR61_APublicClientsRefreshTokenRotates(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.redeemed(public, everything).text("refresh_token")
		w.advance(time.Hour)
		got := w.refresh(public, first)
		second := got.text("refresh_token")
		if got.status != 200 || second == "" || second == first {
			t.Fatalf("refresh: %d %s", got.status, got.raw)
		}

		w.advance(10 * time.Second)
		refused(t, "the predecessor within 10 s", w.refresh(public, first), 400, "invalid_grant")
		got = w.refresh(public, second)
		third := got.text("refresh_token")
		if got.status != 200 || len(w.recorded(identity.EventReplayDetected)) != 0 {
			t.Fatalf("a lost answer killed the family: %d %s", got.status, got.raw)
		}

		w.advance(time.Microsecond)
		refused(t, "the predecessor later", w.refresh(public, first), 400, "invalid_grant")
		refused(t, "the newest one after a theft", w.refresh(public, third), 400, "invalid_grant")
		if got := w.userinfo(got.text("access_token")); got.status != 401 {
			t.Errorf("after a theft the access token still works: %d", got.status)
		}
		refused(t, "the predecessor again", w.refresh(public, first), 400, "invalid_grant")
		if found := w.recorded(identity.EventReplayDetected); len(found) != 1 || found[0].UserID != w.ada.ID {
			t.Errorf("the audit trail has %+v, want one replay", found)
		}
	})
}

func TestR61_AConfidentialClientKeepsItsRefreshToken(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.redeemed(basic, everything).text("refresh_token")
		for range 2 { // each use moves the idle limit
			w.advance(identity.RefreshIdle - time.Minute)
			if got := w.refresh(basic, token); got.status != 200 || got.text("refresh_token") != "" || got.text("access_token") == "" {
				t.Fatalf("refresh: %d %s", got.status, got.raw)
			}
		}
		w.advance(identity.RefreshIdle - time.Minute)
		refused(t, "after 30 days in all", w.refresh(basic, token), 400, "invalid_grant")
	})
}

func TestR63_ARefreshTokenEndsWhenIdle(t *testing.T) {
	w := newWorld(t)
	for _, client := range []string{basic, public} {
		in, over := w.redeemed(client, everything).text("refresh_token"), w.redeemed(client, everything).text("refresh_token")
		w.advance(identity.RefreshIdle - time.Second)
		if got := w.refresh(client, in); got.status != 200 {
			t.Errorf("%s just before: %d %s", client, got.status, got.raw)
		}
		w.advance(time.Second)
		refused(t, client, w.refresh(client, over), 400, "invalid_grant")
	}
}

func TestR63_ARotatingFamilyEndsAfterThirtyDays(t *testing.T) {
	w := newWorld(t)
	token := w.redeemed(public, everything).text("refresh_token")
	for range 3 {
		w.advance(10*24*time.Hour - time.Second)
		got := w.refresh(public, token)
		if token = got.text("refresh_token"); got.status != 200 {
			t.Fatalf("refresh: %d %s", got.status, got.raw)
		}
	}
	w.advance(3 * time.Second)
	refused(t, "after 30 days", w.refresh(public, token), 400, "invalid_grant")
}

func TestR63_ARefreshTokenIsBoundToItsClient(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, owner := range []string{basic, public} {
			token := w.redeemed(owner, everything).text("refresh_token")
			for _, thief := range []string{body, public, basic} {
				if thief != owner {
					refused(t, thief+" with the token of "+owner, w.refresh(thief, token), 400, "invalid_grant")
				}
			}
			got := w.refresh(owner, token)
			if got.status != 200 {
				t.Errorf("the attempts of others cost %s its token: %s", owner, got.raw)
			}
			w.advance(time.Minute)
			refused(t, "a rotated token of another client", w.refresh(body, token), 400, "invalid_grant")
			if len(w.recorded(identity.EventReplayDetected)) != 0 {
				t.Error("a stranger could end a family by showing an old token")
			}
		}
	})
}

func TestR63_TheScopeOnlyShrinks(t *testing.T) {
	w := newWorld(t)
	for _, client := range []string{basic, public} {
		token := w.redeemed(client, wish{scopes: []string{"openid", "email"}}).text("refresh_token")
		ask := func(scope string) told {
			return w.post("/token", client, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "scope": {scope}})
		}
		for _, wide := range []string{"openid profile", "offline_access", "openid email account:acme"} {
			refused(t, wide, ask(wide), 400, "invalid_scope")
		}
		narrow := ask("  email  ")
		if narrow.status != 200 || narrow.text("scope") != "email" || narrow.text("id_token") != "" {
			t.Fatalf("a narrow scope: %d %s", narrow.status, narrow.raw)
		}
		if got := w.userinfo(narrow.text("access_token")); got.status != 403 {
			t.Errorf("userinfo without openid: %d, want 403", got.status)
		}
		if client == public {
			token = narrow.text("refresh_token")
		}
		if got := ask("openid"); got.status != 200 || got.text("scope") != "openid" {
			t.Errorf("a refresh narrowed the grant for good: %d %s", got.status, got.raw)
		}
	}
}

func TestR63_ARefreshedIDTokenSpeaksOfTheSameLogin(t *testing.T) {
	for _, client := range []string{basic, body, public} {
		w := newWorld(t)
		first := w.redeemed(client, everything)
		before := w.idToken(client, first)
		w.advance(time.Hour)
		after := w.idToken(client, w.refresh(client, first.text("refresh_token")))
		for _, claim := range []string{"iss", "sub", "aud", "azp", "auth_time", "acr", "amr", "sid", "account_id", "tenant", "roles"} {
			if same, ok := equalJSON(before[claim], after[claim]); !ok {
				t.Errorf("%s: %s changed: %s", client, claim, same)
			}
		}
		if before["nonce"] != "a nonce" || after["nonce"] != nil {
			t.Errorf("%s: nonce %v, then %v; want it in the first token alone", client, before["nonce"], after["nonce"])
		}
		if after["iat"].(float64)-before["iat"].(float64) != 3600 {
			t.Errorf("%s: iat %v, then %v", client, before["iat"], after["iat"])
		}
	}
}

func TestR64_EveryUseDecidesAgain(t *testing.T) {
	for _, change := range changes {
		t.Run(change.sentence, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				alone := wish{scopes: []string{"openid"}, withoutCode: true}
				got := map[string]told{basic: w.redeemed(basic, alone), body: w.redeemed(body, alone), public: w.redeemed(public, alone)}
				for client, tokens := range got {
					if userinfo := w.userinfo(tokens.text("access_token")); userinfo.status != 200 {
						t.Fatalf("%s before: %d %s", client, userinfo.status, userinfo.raw)
					}
				}
				change.happens(w)
				for client, tokens := range got {
					refused(t, client, w.refresh(client, tokens.text("refresh_token")), 400, "invalid_grant")
					userinfo := w.userinfo(tokens.text("access_token"))
					refused(t, client+" at userinfo", userinfo, 401, "invalid_token")
					if client != public && (w.active(client, tokens.text("access_token")) || w.active(client, tokens.text("refresh_token"))) {
						t.Errorf("%s: introspection still calls a token active", client)
					}
				}
			})
		})
	}
}

// A refresh refuses, but it is the policy that decides: when it is taken back in time, nobody has to
// log in again.
func TestAPolicyThatIsTakenBackLetsTheRefreshTokenLive(t *testing.T) {
	w := newWorld(t)
	token := w.redeemed(public, wish{scopes: []string{"openid"}, withoutCode: true}).text("refresh_token")
	w.requireCode()
	got := w.refresh(public, token)
	refused(t, "with the policy", got, 400, "invalid_grant")
	if want := "the account asks for a second factor now: a new login is required"; got.text("error_description") != want {
		t.Errorf("description %q, want %q", got.text("error_description"), want)
	}
	if reason := "the account asks for a login of its own with a code"; !strings.Contains(w.log.String(), reason) {
		t.Error("the log does not say why")
	}
	w.initech.TwoFactor = identity.TwoFactorOff
	w.write(func(tx *storage.Tx) error { return tx.SaveAccount(t.Context(), w.initech) })
	if got := w.refresh(public, token); got.status != 200 {
		t.Errorf("without it: %d %s", got.status, got.raw)
	}
}
