package login_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// joins makes a person a member of one more account.
func (h *house) joins(u identity.User, a identity.Account) {
	h.t.Helper()
	h.write(func(tx *storage.Tx) error {
		return tx.SaveMembership(h.t.Context(), identity.Membership{UserID: u.ID, Account: a, Role: identity.RoleMember, CreatedAt: h.clock()})
	})
}

// approved is the link that somebody has vouched for; nobody: an operator.
func (h *house) approved(u identity.User, owner identity.UserID) (secret string) {
	h.t.Helper()
	link, secret := identity.NewApprovedReset(u, owner, h.clock())
	h.write(func(tx *storage.Tx) error { return tx.AddLink(h.t.Context(), link) })
	return secret
}

// TestR83_AnApprovalIsJudgedAgainWhenItIsUsed: whoever owns one account must not open another one that the person has joined since.
func TestR83_AnApprovalIsJudgedAgainWhenItIsUsed(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme, globex := h.account("acme", identity.TwoFactorAll), h.account("globex", identity.TwoFactorOff)
		ada, cleo := h.person("ada@example.com", acme), h.person("cleo@example.com")
		h.owns(cleo, acme)
		h.app(ada)
		h.passkey(ada, h.server.URL)
		codes := h.recoveryCodes(ada)
		phone, desk := h.app(cleo), h.browser()
		page := desk.settle(h, h.requestIn(h.browser().asksForHelp(h, ada.Email), cleo.Email), cleo.Email, phone)
		desk.send(page, "reason", "I can see her from here", "decision", "approve").shows(200, "User Information")

		b := h.browser()
		page = b.get("/reset/"+h.secretOf(resetShape, h.letters())).shows(200, "Choose a new password")
		if strings.Contains(page.body, `name="code"`) {
			t.Fatal("the approval counts for nothing")
		}
		h.joins(ada, globex)
		page = b.send(page, "password", newPassword).shows(422, "Choose a new password").refuses("Please also enter a code")
		if !strings.Contains(text(page.tree), "does not speak for all accounts") {
			t.Errorf("the page does not say what has changed: %s", text(page.tree))
		}
		b.follow(page, "I have lost my authenticator").shows(200, "Lost your authenticator?")
		if h.passes(ada.Email, newPassword) {
			t.Error("the owner of one account has opened another")
		}
		b.send(page, "password", newPassword, "code", codes[0]).shows(200, "Your new password has been set")
		if len(h.passkeysOf(ada)) != 1 {
			t.Error("the passkey is gone, though something was proven")
		}
	})
}

func TestR83_AnApprovalStandsWhileWhoGaveItCouldGiveIt(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme, globex := h.account("acme", identity.TwoFactorOff), h.account("globex", identity.TwoFactorOff)
		cleo := h.person("cleo@example.com")
		h.owns(cleo, acme, globex)
		for email, row := range map[string]struct {
			owner  identity.UserID
			change func(u identity.User)
			stands bool
		}{
			"a@example.com": {cleo.ID, func(identity.User) {}, true},
			"b@example.com": {cleo.ID, func(u identity.User) { h.joins(u, globex) }, true}, // theirs as well
			"c@example.com": {cleo.ID, func(u identity.User) { h.joins(u, h.account("initech", identity.TwoFactorOff)) }, false},
			"d@example.com": {"", func(u identity.User) { h.joins(u, h.account("hooli", identity.TwoFactorOff)) }, true}, // an operator vouches for the person
			"e@example.com": {"nobody", func(identity.User) {}, false},
		} {
			u := h.person(email, acme)
			h.app(u)
			secret := h.approved(u, row.owner)
			row.change(u)
			if page := h.browser().get("/reset/"+secret).shows(200, "Choose a new password"); strings.Contains(page.body, `name="code"`) == row.stands {
				t.Errorf("%s: %s", email, text(page.tree))
			}
		}
		ada := h.person("ada@example.com", acme)
		h.app(ada)
		secret := h.approved(ada, cleo.ID)
		gone := cleo
		gone.Disable(h.clock())
		h.write(func(tx *storage.Tx) error { return tx.SaveUser(t.Context(), gone) })
		b := h.browser()
		b.send(b.get("/reset/"+secret), "password", newPassword).shows(422, "Choose a new password")
	})
}

// TestR30_AResetTakesNoPasskeyThatAnAccountRefuses: the strictest account decides, and the page offers what it takes.
func TestR30_AResetTakesNoPasskeyThatAnAccountRefuses(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		base := h.serve("localhost").URL
		acme, strict := h.account("acme", identity.TwoFactorAll), h.account("globex", identity.TwoFactorOff)
		ada := h.person("ada@example.com", acme, strict)
		key := h.passkey(ada, base)
		codes := h.recoveryCodes(ada)
		link := h.forget(ada.Email)
		b := newBrowser(t, base)
		page := b.get("/reset/"+link).shows(200, "Choose a new password")
		answer := key.uses(b.question(page))

		strict.Passkeys = identity.PasskeysRefused
		h.write(func(tx *storage.Tx) error { return tx.SaveAccount(t.Context(), strict) })
		b.post("/reset", url.Values{"password": {newPassword}, "passkey": {answer}, "code": {""}}).shows(422, "Choose a new password")
		page = b.get("/reset").shows(200, "Choose a new password")
		if page.offersPasskey() || !strings.Contains(text(page.tree), "takes no passkeys") {
			t.Errorf("the page: %s", text(page.tree))
		}
		if status, _ := b.asks("/passkeys/options/reset"); status != 403 {
			t.Errorf("the passkey is asked all the same: %d", status)
		}
		if h.passes(ada.Email, newPassword) {
			t.Error("a passkey that an account refuses has opened it")
		}
		b.follow(page, "I have lost my authenticator").shows(200, "Lost your authenticator?")
		b.send(page, "password", newPassword, "code", codes[0]).shows(200, "Your new password has been set")
	})
}

// TestR30_AnAccountThatTrustsTheMailboxRefusesNoProof: what is enough without a passkey is enough with one.
func TestR30_AnAccountThatTrustsTheMailboxRefusesNoProof(t *testing.T) {
	h := onEither(t)
	base := h.serve("localhost").URL
	acme, content := h.account("acme", identity.TwoFactorOff), h.account("globex", identity.TwoFactorOff)
	content.Reset, content.Passkeys = identity.ResetMailbox, identity.PasskeysRefused
	ada := h.person("ada@example.com", acme, content)
	h.write(func(tx *storage.Tx) error { return tx.SaveAccount(t.Context(), content) })
	key := h.passkey(ada, base)
	link := h.forget(ada.Email)
	b := newBrowser(t, base)
	page := b.get("/reset/"+link).shows(200, "Choose a new password")
	b.post("/reset", url.Values{"password": {newPassword}, "passkey": {key.uses(b.question(page))}, "code": {""}}).shows(200, "Your new password has been set")
}

// TestR83_AnApprovalIsJudgedWhenTheResetIsDone: somebody else's account that the person joins between the page and the act counts.
func TestR83_AnApprovalIsJudgedWhenTheResetIsDone(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.oneAtATime()
		acme, globex := h.account("acme", identity.TwoFactorOff), h.account("globex", identity.TwoFactorOff)
		cleo, ada := h.person("cleo@example.com"), h.person("ada@example.com", acme)
		h.owns(cleo, acme)
		h.app(ada)
		b := h.browser()
		page := b.get("/reset/"+h.approved(ada, cleo.ID)).shows(200, "Choose a new password")
		page = h.during(func() screen { return b.send(page, "password", newPassword) }, func() { h.joins(ada, globex) })
		if !asksProof(page.shows(200, "Choose a new password")) || h.events(identity.EventPasswordReset) != 0 {
			t.Errorf("the approval still stands alone: %s", text(page.tree))
		}
	})
}

// TestR30_APasskeyIsRefusedByWhoeverRefusesItWhenTheResetIsDone: the account did not yet when the page was shown, and the passkey was right.
func TestR30_APasskeyIsRefusedByWhoeverRefusesItWhenTheResetIsDone(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.oneAtATime()
		base := h.serve("localhost").URL
		acme := h.account("acme", identity.TwoFactorOff)
		ada := h.person("ada@example.com", acme)
		key, b := h.passkey(ada, base), newBrowser(t, base)
		page := b.get("/reset/"+h.forget(ada.Email)).shows(200, "Choose a new password")
		answer := key.uses(b.question(page))
		page = h.during(func() screen {
			return b.post("/reset", url.Values{"password": {newPassword}, "passkey": {answer}, "code": {""}})
		}, func() {
			acme.Passkeys = identity.PasskeysRefused
			h.write(func(tx *storage.Tx) error { return tx.SaveAccount(t.Context(), acme) })
		})
		if page.shows(200, "Choose a new password").offersPasskey() || h.events(identity.EventPasswordReset) != 0 {
			t.Errorf("the passkey has done it, or is offered once more: %s", text(page.tree))
		}
	})
}
