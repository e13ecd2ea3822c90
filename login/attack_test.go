package login_test

import (
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// TestR12_GuessingTurnsNobodysSecondFactorOff: whoever knows the password of a person who asks for a code at every login must not get
// rid of the code by guessing until the app is switched off.
func TestR12_GuessingTurnsNobodysSecondFactorOff(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", h.account("globex", identity.TwoFactorOff))
		ada.SecondFactor = true
		h.write(func(tx *storage.Tx) error { return tx.SaveUser(t.Context(), ada) })
		h.app(ada)
		thief := h.browser()
		thief.logIn("", ada.Email, password).asksCode(200)
		h.write(func(tx *storage.Tx) error { return tx.ExhaustAuthenticators(t.Context(), ada.ID, h.clock()) })
		thief.get("/authorize").shows(200, "Check your mail")
		other := h.browser()
		other.logIn("", ada.Email, password).shows(200, "Check your mail")
		link := h.link()
		other.get("/settings") // asks for nothing but the password: there is nothing else
		other.post("/settings/two-factor/off", nil)
		if !must(h.db.User(t.Context(), ada.ID)).SecondFactor {
			t.Error("a password was enough to go without the code from now on")
		}
		home := h.browser()
		page := home.reveal(link)
		h.wait(30 * time.Second)
		home.savesCodes(home.send(page, "code", h.code(page.secret())))
	})
}

// TestAStrangerCannotVoidAnApprovedReset: everybody can type an address into Forgot Password.
func TestAStrangerCannotVoidAnApprovedReset(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, _ := h.enrolled()
		approved, secret := identity.NewApprovedReset(ada, "", h.clock())
		h.write(func(tx *storage.Tx) error { return tx.AddLink(t.Context(), approved) })
		h.wait(time.Minute)
		h.forget(ada.Email)
		h.browser().get("/reset/"+secret).shows(200, "Choose a new password")
	})
}

// TestAnOwnerVouchesOnlyWithTheSecondFactorTheAccountAsksFor: an owner who has not set one up has a password and nothing else, and cannot
// enter the account themselves.
func TestAnOwnerVouchesOnlyWithTheSecondFactorTheAccountAsksFor(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorAll)
		ada, cleo := h.person("ada@example.com", acme), h.person("cleo@example.com")
		h.owns(cleo, acme)
		h.app(ada)
		h.browser().asksForHelp(h, ada.Email)
		r := must(h.db.LastRecovery(t.Context(), ada.ID))
		desk := h.browser()
		desk.settle(h, "/settings", cleo.Email).shows(200, "User Information")
		desk.post("/settings/recoveries/"+r.ID, map[string][]string{"reason": {"it is her"}, "decision": {"approve"}}).shows(404, "There is nothing here")
		if h.events(identity.EventRecoveryApproved) != 0 {
			t.Error("a password alone let somebody into an account that asks for a code")
		}
	})
}

// TestFreshProofByAPasskeyEntersNoAccount: it opens Settings. An account that asks for a login of its own still does.
func TestFreshProofByAPasskeyEntersNoAccount(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		base := h.serve("localhost").URL
		ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorAll), h.account("globex", identity.TwoFactorAll))
		key := h.passkey(ada, base)
		b := newBrowser(t, base)
		b.usePasskey(b.get("/authorize?account=acme"), key).says("done acme pop+user+mfa ada@example.com")
		h.wait(identity.FreshProof + time.Second)
		b.usePasskey(b.get("/settings/recovery-codes").shows(200, "Confirm that it is you"), key).shows(200, "Recovery codes")
		page := b.get("/authorize?account=globex").shows(200, "Login")
		b.usePasskey(page, key).says("done globex pop+user+mfa ada@example.com")
	})
}

// TestThisWasntMeLeavesTheLastSecondFactorAnAccountAsksFor: whoever reads somebody's mail must not get rid of their passkey with the letter
// that told of it, and choose a new password without it (SECURITY R30).
func TestThisWasntMeLeavesTheLastSecondFactorAnAccountAsksFor(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorAll))
		h.passkey(ada, h.server.URL)
		key := h.passkeysOf(ada)[0]
		b := h.browser()
		b.press(b.get("/not-me/"+h.notice(ada, mail.Notice{Kind: templates.PasskeyAdded, Subject: key.ID})), "This wasn't me").shows(200, "Check your mail")
		if len(h.passkeysOf(ada)) != 1 {
			t.Error("the only second factor is gone")
		}
		page := b.get("/reset/"+h.secretOf(resetShape, h.letters())).shows(200, "Choose a new password")
		b.send(page, "password", newPassword).shows(422, "Choose a new password")
	})
}

// TestR24_WhoHasAPasskeyIsNotLetInByALink: a link for the first factor is worth nothing to who has one that the account takes.
func TestR24_WhoHasAPasskeyIsNotLetInByALink(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorAll)
		ada := h.person("ada@example.com", acme)
		h.passkey(ada, h.server.URL)
		link := h.invite(ada, acme)
		b := h.browser()
		b.get("/enroll/"+link).shows(410, "This link has been used")
	})
}
