package login_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// alarms takes the letters that wait and returns the secrets of "This wasn't me", by subject.
func (h *house) alarms() map[string]string {
	h.t.Helper()
	alarms := map[string]string{}
	for _, l := range h.letters() {
		if found := alarmShape.FindStringSubmatch(l.Text); found != nil {
			alarms[l.Subject] = found[2]
		}
	}
	return alarms
}

// enables sets an app up in Settings, in a browser that is logged in there.
func (b *browser) enables(h *house, button string) {
	b.t.Helper()
	page := b.press(b.get("/settings").shows(200, "User Information"), button).shows(200, "User Information")
	b.send(page, "code", h.code(page.keyShown())).shows(200, "User Information")
	h.wait(30 * time.Second)
}

// saysItWasntThem presses the button of a letter, and returns the page before the button and the one after it.
func (h *house) saysItWasntThem(alarm string) (before, after screen) {
	h.t.Helper()
	b := h.browser()
	before = b.get("/not-me/"+alarm).shows(200, "This wasn't you?")
	return before, b.press(before, "This wasn't me").shows(200, "Check your mail")
}

const (
	appSetUp    = "An authenticator app was set up"
	passkeyMade = "A passkey was added"
)

// TestThisWasntMeTakesAFirstFactorBack: a thief who knows the password of a person without a second factor sets one up. The owner, who has
// nothing but the mailbox, gets everything back, and the thief does not get in again with the password they know.
func TestThisWasntMeTakesAFirstFactorBack(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		base := h.serve("localhost").URL
		ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
		for _, letter := range []string{appSetUp, "Two-factor authentication is on"} {
			thief := h.settled(base, ada.Email)
			thief.enables(h, "Enable")
			alarm := h.alarms()[letter]
			thief.addPasskey(newDevice(t, base), "Mine").shows(200, "User Information")
			thief.enables(h, "Set up another app")
			if mail := h.letters(); kinds(mail) != "notice notice" {
				t.Errorf("letters: %s", kinds(mail))
			}
			before, after := h.saysItWasntThem(alarm)
			if !strings.Contains(text(before.tree), "end your password") || !strings.Contains(text(after.tree), "your old password no longer works") {
				t.Errorf("%s\n%s", text(before.tree), text(after.tree))
			}
			if p := must(h.db.Person(t.Context(), ada.ID, h.clock())); p.Confirmed || p.Passkeys || p.Pending || p.SecondFactor || h.left(ada) != 0 {
				t.Errorf("the thief keeps something: %+v, %d recovery codes", p, h.left(ada))
			}
			thief.get("/settings").shows(200, "Login")
			if h.passes(ada.Email, password) {
				t.Error("the thief logs in again with the old password")
			}
			b := h.browser()
			page := b.get("/reset/"+h.secretOf(resetShape, h.letters())).shows(200, "Choose a new password")
			b.send(page, "password", newPassword).shows(200, "Your new password has been set")
			if !h.passes(ada.Email, newPassword) {
				t.Error("the owner does not get in")
			}
			h.letters()
			h.write(func(tx *storage.Tx) error { return tx.SaveUser(t.Context(), ada) }) // as it was
		}
	})
}

func TestThisWasntMeTakesAFirstPasskeyBack(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		base := h.serve("localhost").URL
		ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
		thief := h.settled(base, ada.Email)
		key := newDevice(t, base)
		thief.addPasskey(key, "Mine").shows(200, "Recovery codes")
		alarm := h.alarms()[passkeyMade]
		h.joins(ada, h.account("evil", identity.TwoFactorAll)) // what somebody else asks for must not protect the thief
		thief.enables(h, "Set up an authenticator app")
		h.wait(identity.UndoFirstFactor - time.Minute)
		h.letters()
		h.saysItWasntThem(alarm)
		if p := must(h.db.Person(t.Context(), ada.ID, h.clock())); p.Confirmed || p.Passkeys || h.left(ada) != 0 || p.PasswordHash != "" {
			t.Errorf("the thief keeps something: %+v", p)
		}
		fresh := newBrowser(t, base)
		fresh.usePasskey(fresh.get("/authorize"), key).shows(422, "Login")
		b := h.browser()
		b.send(b.get("/reset/"+h.secretOf(resetShape, h.letters())), "password", newPassword).shows(200, "Your new password has been set")
	})
}

// TestR30_AfterADayTheMailboxNoLongerUndoesTheFirstFactor, and the page says what the owner of a stolen login does instead.
func TestR30_AfterADayTheMailboxNoLongerUndoesTheFirstFactor(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		base := h.serve("localhost").URL
		acme := h.account("acme", identity.TwoFactorOff)
		for email, setUp := range map[string]func(*browser){
			"ada@example.com": func(b *browser) { b.enables(h, "Enable") },
			"ben@example.com": func(b *browser) { b.addPasskey(newDevice(t, base), "Mine").shows(200, "Recovery codes") },
		} {
			u := h.person(email, acme)
			setUp(h.settled(base, email))
			alarms := h.alarms()
			alarm := alarms[appSetUp] + alarms[passkeyMade]
			h.wait(identity.UndoFirstFactor)
			before, after := h.saysItWasntThem(alarm)
			for _, page := range []screen{before, after} {
				if !strings.Contains(text(page.tree), "I have lost my authenticator") || strings.Contains(text(page.tree), "your password") {
					t.Errorf("%s", text(page.tree))
				}
			}
			if p := must(h.db.Person(t.Context(), u.ID, h.clock())); !p.CanRecover() || p.PasswordHash == "" {
				t.Errorf("%s: %+v", email, p)
			}
			b := h.browser()
			b.send(b.get("/reset/"+h.secretOf(resetShape, h.letters())), "password", newPassword).shows(422, "Choose a new password")
		}
	})
}

func TestR30_AFirstFactorIsUndoneOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, thief := h.atHome()
		thief.enables(h, "Enable")
		alarms := h.alarms()
		h.saysItWasntThem(alarms[appSetUp])
		h.browser().get("/not-me/"+alarms[appSetUp]).shows(410, "This link has been used")
		b := h.browser()
		b.send(b.get("/reset/"+h.secretOf(resetShape, h.letters())), "password", newPassword)
		b.send(b.get("/settings").shows(200, "Login"), "email", ada.Email, "password", newPassword).shows(200, "User Information")
		b.enables(h, "Enable")
		own := h.alarms()[appSetUp]
		before, after := h.saysItWasntThem(alarms["Two-factor authentication is on"])
		if p := must(h.db.Person(t.Context(), ada.ID, h.clock())); !p.Confirmed || p.PasswordHash == "" {
			t.Errorf("the letter about a factor that was undone has undone another: %+v", p)
		}
		for _, page := range []screen{before, after} {
			if !strings.Contains(text(page.tree), "choose “This wasn't me” in that mail") {
				t.Errorf("the page does not say which letter would: %s", text(page.tree))
			}
		}
		page := b.get("/reset/"+h.secretOf(resetShape, h.letters())).shows(200, "Choose a new password")
		if page = b.follow(page, "I have lost my authenticator"); !strings.Contains(text(page.tree), "choose “This wasn't me” in that mail") {
			t.Errorf("whoever has lost it to a thief is not told of the letter: %s", text(page.tree))
		}
		h.saysItWasntThem(own)
		if p := must(h.db.Person(t.Context(), ada.ID, h.clock())); p.Confirmed {
			t.Error("the letter about the factor that is there undoes nothing")
		}
	})
}

// TestR30_OnlyAFirstFactorIsUndone: whoever had one before, or got it another way than by a password alone, keeps it.
func TestR30_OnlyAFirstFactorIsUndone(t *testing.T) {
	for what, setUp := range map[string]func(h *house, acme identity.Account, ada identity.User) (alarm string){
		"an app beside a passkey": func(h *house, _ identity.Account, ada identity.User) string {
			base := h.serve("localhost").URL
			key, b := h.passkey(ada, base), newBrowser(h.t, base)
			b.usePasskey(b.get("/settings"), key).shows(200, "User Information")
			b.enables(h, "Set up an authenticator app")
			return h.alarms()[appSetUp]
		},
		"an app in the place of another": func(h *house, _ identity.Account, ada identity.User) string {
			b, old := h.browser(), h.app(ada)
			b.settle(h, "/settings", ada.Email, old)
			h.wait(30 * time.Second)
			b.enables(h, "Set up another app")
			return h.alarms()[appSetUp]
		},
		"an app that an account's link has set up": func(h *house, acme identity.Account, ada identity.User) string {
			acme.TwoFactor = identity.TwoFactorAll
			h.write(func(tx *storage.Tx) error { return tx.SaveAccount(h.t.Context(), acme) })
			b := h.browser()
			page := b.reveal(h.invite(ada, acme))
			b.savesCodes(b.send(page, "code", h.code(page.secret())))
			return h.alarms()[appSetUp]
		},
		"an app that follows a reset": func(h *house, _ identity.Account, ada identity.User) string {
			b, old := h.browser(), h.app(ada)
			b.send(b.get("/reset/"+h.forget(ada.Email)), "password", newPassword, "code", h.code(old.Secret)).shows(200, "Your new password has been set")
			h.letters()
			page := b.get("/enroll")
			b.savesCodes(b.send(page, "code", h.code(page.secret())))
			return h.alarms()[appSetUp]
		},
	} {
		t.Run(what, func(t *testing.T) {
			each(t, func(t *testing.T, h *house) {
				acme := h.account("acme", identity.TwoFactorOff)
				ada := h.person("ada@example.com", acme)
				before, _ := h.saysItWasntThem(setUp(h, acme, ada))
				if p := must(h.db.Person(t.Context(), ada.ID, h.clock())); !p.Confirmed || p.PasswordHash == "" {
					t.Errorf("it is gone: %+v", p)
				}
				if strings.Contains(text(before.tree), "end your password") {
					t.Errorf("the page promises more: %s", text(before.tree))
				}
				b := h.browser()
				b.send(b.get("/reset/"+h.secretOf(resetShape, h.letters())), "password", newPassword).shows(422, "Choose a new password")
			})
		})
	}
}

// TestR30_UndoingAFirstFactorLeavesWhatAnAccountsLinkHasSetUp: it took the mailbox to set that up, and an account insists on it. Guessing it away
// before changes nothing.
func TestR30_UndoingAFirstFactorLeavesWhatAnAccountsLinkHasSetUp(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		base := h.serve("localhost").URL
		acme := h.account("acme", identity.TwoFactorOff)
		for email, guessed := range map[string]bool{"ada@example.com": false, "ben@example.com": true} {
			acme.TwoFactor, acme.Passkeys = identity.TwoFactorOff, identity.PasskeysAllowed
			h.write(func(tx *storage.Tx) error { return tx.SaveAccount(t.Context(), acme) })
			u := h.person(email, acme)
			h.settled(base, email).addPasskey(newDevice(t, base), "Mine").shows(200, "Recovery codes")
			alarm := h.alarms()[passkeyMade]
			acme.TwoFactor, acme.Passkeys = identity.TwoFactorAll, identity.PasskeysRefused
			h.write(func(tx *storage.Tx) error { return tx.SaveAccount(t.Context(), acme) })
			b := h.browser()
			page := b.reveal(h.invite(u, acme))
			app := page.secret()
			b.savesCodes(b.send(page, "code", h.code(app)))
			if guessed {
				h.write(func(tx *storage.Tx) error { return tx.ExhaustAuthenticators(t.Context(), u.ID, h.clock()) })
			}
			h.letters()
			before, after := h.saysItWasntThem(alarm)
			if p := must(h.db.Person(t.Context(), u.ID, h.clock())); p.Passkeys || p.Confirmed == guessed || p.Exhausted != guessed || p.PasswordHash == "" {
				t.Errorf("%s: %+v", email, p)
			}
			if strings.Contains(text(before.tree), "your password") || strings.Contains(text(after.tree), "your old password") {
				t.Errorf("the pages tell of a password that is gone: %s\n%s", text(before.tree), text(after.tree))
			}
			page = b.get("/reset/"+h.secretOf(resetShape, h.letters())).shows(200, "Choose a new password")
			b.send(page, "password", newPassword).shows(422, "Choose a new password")
			h.wait(30 * time.Second)
			if page = b.send(page, "password", newPassword, "code", h.code(app)); (page.status == 200) == guessed {
				t.Errorf("%s: %s", email, text(page.tree))
			}
			h.letters()
		}
	})
}
