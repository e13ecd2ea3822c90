package login_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// owns makes a person the owner of accounts.
func (h *house) owns(u identity.User, accounts ...identity.Account) {
	h.t.Helper()
	h.write(func(tx *storage.Tx) (err error) {
		for _, a := range accounts {
			err = errors.Join(err, tx.SaveMembership(h.t.Context(), identity.Membership{UserID: u.ID, Account: a, Role: identity.RoleOwner, CreatedAt: noon}))
		}
		return err
	})
}

// asks goes from a reset link to the request for help, and returns the letters.
func (b *browser) asksForHelp(h *house, email string) []identity.Letter {
	b.t.Helper()
	page := b.get("/reset/"+h.forget(email)).shows(200, "Choose a new password")
	page = b.follow(page, "I have lost my authenticator").shows(200, "Lost your authenticator?")
	b.press(page, "Ask them to let me in").shows(200, "Your request is under way")
	return h.letters()
}

var recoveryShape = regexp.MustCompile(`(https?://[^/\s]+)(/settings/recoveries/[0-9a-f-]{36})`)

// requestIn is the path of the request that a letter to an owner leads to.
func (h *house) requestIn(letters []identity.Letter, owner string) string {
	h.t.Helper()
	for _, l := range letters {
		if found := recoveryShape.FindStringSubmatch(l.Text); found != nil && l.To == owner {
			return found[2]
		}
	}
	h.t.Fatalf("no letter to %s leads to a request: %s", owner, kinds(letters))
	return ""
}

func TestS6_ALostAuthenticatorIsApprovedByTheOwner(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorAll)
		ada, cleo := h.person("ada@example.com", acme), h.person("cleo@example.com")
		h.owns(cleo, acme)
		lost, phone := h.app(ada), h.app(cleo)
		b := h.browser()
		letters := b.asksForHelp(h, ada.Email)
		if kinds(letters) != "notice recovery" && kinds(letters) != "recovery notice" {
			t.Errorf("letters: %s", kinds(letters))
		}
		path := h.requestIn(letters, cleo.Email)
		b.get("/lost/asked").shows(200, "Your request is under way") // a reload
		if !strings.Contains(text(b.get("/lost/asked").tree), "the owner of your account") {
			t.Error("the page does not say who decides")
		}

		desk := h.browser()
		page := desk.settle(h, path, cleo.Email, phone)
		if !strings.Contains(text(page.tree), "Ada Park has lost the authenticator") || !strings.Contains(text(page.tree), "192.0.2.1") {
			t.Errorf("the page: %s", text(page.tree))
		}
		desk.send(page, "reason", " ", "decision", "approve").shows(422, "User Information").refuses("Please say how you know")
		desk.send(page, "reason", "I can see her from here", "decision", "approve").shows(200, "User Information")
		if page := desk.get("/settings/recoveries"); !strings.Contains(text(page.tree), "Nobody is waiting") {
			t.Errorf("still listed: %s", text(page.tree))
		}
		desk.send(page, "reason", "once more", "decision", "approve").shows(422, "User Information").refuses("has been decided")

		approved := h.secretOf(resetShape, h.letters())
		h.wait(23 * time.Hour)
		b = h.browser()
		page = b.get("/reset/"+approved).shows(200, "Choose a new password")
		if strings.Contains(page.body, `name="code"`) {
			t.Error("the approved link asks for a code")
		}
		b.send(page, "password", newPassword).shows(200, "Your new password has been set")
		h.wait(30 * time.Second)
		secret := b.get("/enroll").shows(200, "Set up two-factor authentication").secret()
		other := h.browser()
		page = other.logIn("", ada.Email, newPassword).asksCode(200)
		other.send(page, "code", h.code(lost.Secret)).asksCode(422)
		b.savesCodes(b.send(b.get("/enroll"), "code", h.code(secret)))
		if h.events(identity.EventRecoveryAsked) != 1 || h.events(identity.EventRecoveryApproved) != 1 || h.events(identity.EventPasswordReset) != 1 {
			t.Error("the audit trail tells another story")
		}
	})
}

func TestADeclinedRequestGivesNoLinkAndNotAtOnceAnother(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorAll)
		ada, cleo := h.person("ada@example.com", acme), h.person("cleo@example.com")
		h.owns(cleo, acme)
		h.app(ada)
		b, desk, phone := h.browser(), h.browser(), h.app(cleo)
		path := h.requestIn(b.asksForHelp(h, ada.Email), cleo.Email)
		page := desk.settle(h, path, cleo.Email, phone)
		desk.send(page, "reason", "she knows nothing about it", "decision", "decline").shows(200, "User Information")
		if letters := h.letters(); kinds(letters) != "recovery-declined" || strings.Contains(letters[0].Text, "/reset/") {
			t.Errorf("letters: %s", kinds(letters))
		}
		b.get("/lost/asked").shows(200, "Lost your authenticator?") // nothing waits
		b.post("/lost", nil).shows(429, "Lost your authenticator?").refuses("You have asked already")
		h.wait(time.Hour)
		if letters := b.asksForHelp(h, ada.Email); kinds(letters) == "" {
			t.Error("after an hour nobody is asked")
		}
	})
}

func TestAskingTwiceIsAskingOnce(t *testing.T) {
	h := onEither(t)
	ada, _ := h.enrolled()
	b := h.browser()
	if letters := b.asksForHelp(h, ada.Email); kinds(letters) != "notice" {
		t.Errorf("letters: %s", kinds(letters))
	}
	if !strings.Contains(text(b.get("/lost/asked").tree), "people who run this login") {
		t.Error("there is no owner, and the page does not say who decides")
	}
	b.post("/lost", nil).shows(200, "Your request is under way")
	if letters := h.letters(); len(letters) != 0 || h.events(identity.EventRecoveryAsked) != 1 {
		t.Errorf("%d more letters", len(letters))
	}
}

// TestOnlyTheOwnerOfAllAccountsDecides: others do not even learn that there is a request.
func TestOnlyTheOwnerOfAllAccountsDecides(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme, globex := h.account("acme", identity.TwoFactorAll), h.account("globex", identity.TwoFactorOff)
		ada, cleo, dana := h.person("ada@example.com", acme, globex), h.person("cleo@example.com"), h.person("dana@example.com")
		h.owns(cleo, acme)
		h.owns(dana, acme, globex)
		h.app(ada)
		h.app(dana)
		letters := h.browser().asksForHelp(h, ada.Email)
		path := h.requestIn(letters, dana.Email)
		for _, l := range letters {
			if l.To == cleo.Email {
				t.Error("the owner of one account was asked about another's person")
			}
		}
		desk := h.browser()
		desk.settle(h, "/settings", cleo.Email, h.app(cleo))
		desk.get(path).shows(404, "There is nothing here")
		desk.post(path, map[string][]string{"reason": {"x"}, "decision": {"approve"}}).shows(404, "There is nothing here")
		if page := desk.get("/settings/recoveries"); strings.Contains(page.body, ada.Email) {
			t.Error("it is listed")
		}
		if len(h.letters()) != 0 || h.events(identity.EventRecoveryApproved) != 0 {
			t.Error("it was approved")
		}
	})
}

func TestNobodyVouchesForThemselves(t *testing.T) {
	h := onEither(t)
	acme := h.account("acme", identity.TwoFactorOff)
	cleo := h.person("cleo@example.com")
	h.owns(cleo, acme)
	phone := h.app(cleo)
	b := h.browser()
	letters := b.asksForHelp(h, cleo.Email)
	if kinds(letters) != "notice" {
		t.Errorf("letters: %s", kinds(letters))
	}
	r, err := h.db.LastRecovery(t.Context(), cleo.ID)
	if err != nil {
		t.Fatal(err)
	}
	desk := h.browser()
	desk.settle(h, "/settings", cleo.Email, phone)
	desk.post("/settings/recoveries/"+r.ID, map[string][]string{"reason": {"it is me"}, "decision": {"approve"}}).shows(404, "There is nothing here")
}

func TestTheOwnersDecisionAsksForFreshProof(t *testing.T) {
	h := onEither(t)
	acme := h.account("acme", identity.TwoFactorAll)
	ada, cleo := h.person("ada@example.com", acme), h.person("cleo@example.com")
	h.owns(cleo, acme)
	h.app(ada)
	phone := h.app(cleo)
	path := h.requestIn(h.browser().asksForHelp(h, ada.Email), cleo.Email)
	desk := h.browser()
	page := desk.settle(h, path, cleo.Email, phone)
	h.wait(identity.FreshProof + time.Second)
	desk.send(page, "reason", "x", "decision", "approve").shows(200, "Confirm that it is you")
	if h.events(identity.EventRecoveryApproved) != 0 {
		t.Error("approved with a stale proof")
	}
}

// TestALoginWithTheSecondFactorWithdraws both a request that waits and a link that was approved.
func TestALoginWithTheSecondFactorWithdraws(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, app := h.enrolled()
		logIn := func() {
			h.wait(30 * time.Second)
			home := h.browser()
			home.send(home.logIn("", ada.Email, password).asksCode(200), "code", h.code(app.Secret)).says("done acme pwd+otp+mfa ada@example.com")
		}
		b := h.browser()
		b.asksForHelp(h, ada.Email)
		h.browser().logIn("", ada.Email, password).asksCode(200) // a password alone withdraws nothing
		b.get("/lost/asked").shows(200, "Your request is under way")
		logIn()
		b.get("/lost/asked").shows(200, "Lost your authenticator?")
		approved, secret := identity.NewApprovedReset(ada, "", h.clock())
		h.write(func(tx *storage.Tx) error { return tx.AddLink(t.Context(), approved) })
		logIn()
		h.browser().get("/reset/"+secret).shows(410, "There is a newer link")
		if h.events(identity.EventRecoveryWithdrawn) != 2 {
			t.Errorf("%d on record", h.events(identity.EventRecoveryWithdrawn))
		}
	})
}

func TestAnApprovedResetVoidsPasskeysToo(t *testing.T) {
	h := onEither(t)
	ada, _ := h.enrolled()
	h.passkey(ada, h.server.URL)
	approved, secret := identity.NewApprovedReset(ada, "", h.clock())
	h.write(func(tx *storage.Tx) error { return tx.AddLink(t.Context(), approved) })
	b := h.browser()
	b.send(b.get("/reset/"+secret), "password", newPassword).shows(200, "Your new password has been set")
	if p, err := h.db.Person(t.Context(), ada.ID, h.clock()); err != nil || p.Passkeys || p.Confirmed || !p.Pending {
		t.Errorf("%+v, %v", p, err)
	}
}
