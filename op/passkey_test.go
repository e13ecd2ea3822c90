package op_test

import (
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// TestR59_TokensSayHowAPasskeyWasUsedWhereverTheyAreAsked and go on saying so when they are refreshed.
func TestR59_TokensSayHowAPasskeyWasUsedWhereverTheyAreAsked(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := identity.NewPasskey(w.ada, "Laptop", start)
		p.CredentialID, p.PublicKey = "credential", []byte("key")
		w.write(func(tx *storage.Tx) error { return tx.AddPasskey(t.Context(), p) })
		w.requireCode()
		afterPassword := []string{"pwd", "pop", "user", "mfa"}
		tokens := map[string]string{}
		for _, row := range []struct {
			sentence string
			method   identity.Method
			asked    string
			amr      []string
			acr      string
		}{
			{"after the password", identity.MethodPasskey, "", afterPassword, identity.ACRTwoFactors},
			{"after the password, and the client asked", identity.MethodPasskey, identity.ACRPhishingResistant, afterPassword, identity.ACRPhishingResistant},
			{"alone", identity.MethodPasskeyAlone, "", []string{"pop", "user", "mfa"}, identity.ACRPhishingResistant},
			{"a recovery code", identity.MethodRecoveryCode, "", []string{"pwd", "otp", "mfa", identity.AMRRecoveryCode}, identity.ACRTwoFactors},
		} {
			got := w.redeemed(basic, wish{scopes: []string{"openid"}, method: row.method, acr: row.asked})
			w.advance(time.Minute)
			after := w.refresh(basic, got.text("refresh_token"))
			for place, claims := range map[string]map[string]any{
				"the ID token": w.idToken(basic, got), "userinfo": w.userinfo(got.text("access_token")).claims,
				"introspection": w.introspect(basic, got.text("access_token")).claims, "the refreshed ID token": w.idToken(basic, after),
			} {
				if both, ok := equalJSON([]any{claims["amr"], claims["acr"]}, []any{row.amr, row.acr}); !ok {
					t.Errorf("%s, %s: got and want %s", row.sentence, place, both)
				}
			}
			tokens[row.sentence] = got.text("refresh_token")
		}

		w.initech.Passkeys = identity.PasskeysRefused
		w.write(func(tx *storage.Tx) error { return tx.SaveAccount(t.Context(), w.initech) })
		for sentence, token := range tokens {
			if got := w.refresh(basic, token); (got.status == 200) != (sentence == "a recovery code") {
				t.Errorf("%s, where passkeys are refused now: %d %s", sentence, got.status, got.raw)
			}
		}
	})
}
