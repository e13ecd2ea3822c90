package op_test

import (
	"testing"
	"time"
)

// An account that asks for a code gives a session one hour of idleness. Single sign-on to an account that
// asks for none must not hide that the hour has passed.
func TestSingleSignOnElsewhereDoesNotWakeACode(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		b := h.browser()
		h.signIn(b, h.code(h.acme))
		ask := func(account string) string {
			t.Helper()
			return b.authorize(wanting("cms", "account", account, "prompt", "none")).outcome()
		}
		if got := ask("acme"); got != "code" {
			t.Fatalf("with password and code: %s", got)
		}
		h.advance(2 * time.Hour)
		if got := ask("acme"); got != "login_required" {
			t.Errorf("after two idle hours: %s", got)
		}
		if got := ask("globex"); got != "code" {
			t.Errorf("the account without a second factor: %s", got)
		}
		if got := ask("acme"); got != "login_required" {
			t.Errorf("after single sign-on to the other account: %s", got)
		}
	})
}
