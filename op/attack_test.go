package op_test

import (
	"net/url"
	"testing"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// TestR12_GuessingBringsNoOldGrantBack: a grant from before the person asked for a code at every login is worth nothing. Whoever holds its
// refresh token and knows the password must not revive it by guessing until the app is switched off.
func TestR12_GuessingBringsNoOldGrantBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		old := w.redeemed(basic, wish{scopes: []string{"openid"}, withoutCode: true})
		w.ada.SecondFactor = true
		w.write(func(tx *storage.Tx) error { return tx.SaveUser(t.Context(), w.ada) })
		refused(t, "before the guessing", w.refresh(basic, old.text("refresh_token")), 400, "invalid_grant")
		w.write(func(tx *storage.Tx) error { return tx.ExhaustAuthenticators(t.Context(), w.ada.ID, w.now()) })
		refused(t, "after the guessing", w.refresh(basic, old.text("refresh_token")), 400, "invalid_grant")
		if got := w.userinfo(old.text("access_token")); got.status != 401 {
			t.Errorf("userinfo: %d %s", got.status, got.raw)
		}
		if w.active(basic, old.text("access_token")) {
			t.Error("introspection says that the access token is good")
		}
	})
}

// TestAPairwiseClientCannotAskForAPersonByTheIDThatOthersKnow: it would learn that the person it knows by one name is the one another
// client knows by that id.
func TestAPairwiseClientCannotAskForAPersonByTheIDThatOthersKnow(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		h.write(func(tx *storage.Tx) error {
			cms, err := tx.Client(t.Context(), "cms")
			cms.SubjectType = identity.SubjectPairwise
			return firstError(err, tx.SaveClient(t.Context(), cms.WithDefaults()))
		})
		b := h.browser()
		h.signIn(b, h.code(h.acme))
		for _, place := range []string{"id_token", "userinfo"} {
			claims := `{"` + place + `":{"sub":{"value":"` + string(h.ada.ID) + `"}}}`
			if got := b.authorize(wanting("cms", "account", "acme", "prompt", "none", "claims", claims)).outcome(); got != "login_required" {
				t.Errorf("sub in %s: %s", place, got)
			}
		}
	})
}

// TestR64_AResourceThatIsTakenFromAClientIsGoneAtTheNextExchange: a registration is judged at every use, as a person's place is.
func TestR64_AResourceThatIsTakenFromAClientIsGoneAtTheNextExchange(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.withAPIs()
		l := w.login(basic, wish{scopes: []string{"openid"}, resource: reports})
		got := w.redeem(w.login(basic, wish{scopes: []string{"openid"}, resource: reports}))
		w.change(basic, func(c *identity.Client) { c.Resources = []string{files} })
		refused(t, "a code for it", w.redeem(l), 400, "invalid_target")
		refused(t, "a refresh for it", w.refresh(basic, got.text("refresh_token")), 400, "invalid_target")
		named := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.text("refresh_token")}, "resource": {reports}}
		refused(t, "a refresh that names it", w.post("/token", basic, named), 400, "invalid_target")
	})
}
