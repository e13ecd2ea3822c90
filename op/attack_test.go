package op_test

import (
	"testing"

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
