package login_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

func TestAPasskeyIsFreshProofOfBothAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		base := h.serve("localhost").URL
		key := h.passkey(h.person("ada@example.com", h.account("acme", identity.TwoFactorAll)), base)
		b := newBrowser(t, base)
		b.usePasskey(b.get("/authorize"), key).says("done acme pop+user+mfa ada@example.com")
		b.get("/settings/recovery-codes").shows(200, "Recovery codes")
		h.wait(identity.FreshProof + time.Second)
		page := b.get("/settings/recovery-codes").shows(200, "Confirm that it is you")
		before := b.cookie("vestibule-session")
		b.usePasskey(page, key).shows(200, "Recovery codes")
		if b.cookie("vestibule-session") == before {
			t.Error("the session kept its name (R34)")
		}
		if h.events(identity.EventProvenAgain) != 1 {
			t.Error("not on record")
		}
	})
}

func TestADeviceThatDoesNotVerifyItsUserIsFreshProofAfterThePasswordOnly(t *testing.T) {
	h := onEither(t)
	base := h.serve("localhost").URL
	ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorAll))
	key := h.passkey(ada, base)
	key.auth.Options.UserNotVerified = true
	b := newBrowser(t, base)
	b.usePasskey(b.logIn("", ada.Email, password), key).says("done acme pwd+pop+user+mfa ada@example.com")
	h.wait(identity.FreshProof + time.Second)
	page := b.get("/settings/recovery-codes")
	page = b.usePasskey(page, key).shows(422, "Confirm that it is you").refuses("This passkey was not accepted")
	page = b.send(page, "password", password).shows(200, "Confirm that it is you")
	if strings.Contains(page.body, `name="code"`) {
		t.Error("a person without an app is asked for a code")
	}
	b.usePasskey(page, key).shows(200, "Recovery codes")
}

func TestR18_AChallengeForFreshProofOpensNothingElse(t *testing.T) {
	h := onEither(t)
	base := h.serve("localhost").URL
	ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorAll), h.account("globex", identity.TwoFactorAll))
	key := h.passkey(ada, base)
	b := newBrowser(t, base)
	b.usePasskey(b.get("/authorize?account=acme"), key)
	h.wait(identity.FreshProof + time.Second)
	confirm := b.get("/settings/recovery-codes").shows(200, "Confirm that it is you")
	other := newBrowser(t, base)
	other.plant("vestibule-browser", b.cookie("vestibule-browser"))
	page := other.logIn("account=globex", ada.Email, password)
	other.sendPasskey(page, key.uses(b.question(confirm))).shows(422, "Login").refuses("This passkey was not accepted")
	b.sendPasskey(confirm, key.uses(other.question(page))).shows(422, "Confirm that it is you")
}

func TestR30_APasskeyIsTheProofBesideTheMailbox(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		base := h.serve("localhost").URL
		acme := h.account("acme", identity.TwoFactorAll)
		ada, bob := h.person("ada@example.com", acme), h.person("bob@example.com", acme)
		key, bobs := h.passkey(ada, base), h.passkey(bob, base)
		link := h.forget(ada.Email)
		b := newBrowser(t, base)
		page := b.get("/reset/"+link).shows(200, "Choose a new password")
		reset := func(answer string) screen {
			return b.post(page.url.String(), url.Values{"password": {newPassword}, "code": {""}, "passkey": {answer}})
		}
		_, login := b.asks("/passkeys/options/sign-in")
		reset(key.uses(login)).shows(422, "Choose a new password").refuses("This passkey was not accepted")
		reset(bobs.uses(b.question(page))).shows(422, "Choose a new password").refuses("This passkey was not accepted")
		reset(key.forge(key.uses(b.question(page)), func(said map[string]any, _ []byte) { said["origin"] = "https://evil.example" })).
			shows(422, "Choose a new password")
		reset("").shows(422, "Choose a new password")
		if status, _ := newBrowser(t, base).asks("/passkeys/options/reset"); status != 403 {
			t.Errorf("without the link the question is answered with %d", status)
		}
		newBrowser(t, base).logIn("", ada.Email, password).shows(200, "Login")
		key.auth.Options.UserNotVerified = true // the mailbox is the other half
		reset(key.uses(b.question(page))).shows(200, "Your new password has been set")
		key.auth.Options.UserNotVerified = false
		again := newBrowser(t, base)
		again.usePasskey(again.logIn("", ada.Email, newPassword), key).says("done acme pwd+pop+user+mfa ada@example.com")
	})
}
