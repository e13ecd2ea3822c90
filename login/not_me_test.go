package login_test

import (
	"errors"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

var alarmShape = regexp.MustCompile(`(https?://\S+)/not-me/([A-Za-z0-9_-]{43})`)

// notice tells a person something and returns the secret of "This wasn't me".
func (h *house) notice(u identity.User, n mail.Notice) string {
	h.t.Helper()
	h.write(func(tx *storage.Tx) error {
		return mail.Outbox{Issuer: h.server.URL}.Notify(h.t.Context(), tx, u, identity.Origin{}, n, h.clock())
	})
	return h.secretOf(alarmShape, h.letters())
}

func TestThisWasntMeLogsOutEverywhereAndMailsALink(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", h.account("globex", identity.TwoFactorOff))
		thief := h.browser()
		thief.logIn("", ada.Email, password).says("done globex pwd ada@example.com")
		older := h.forget(ada.Email)
		alarm := h.notice(ada, mail.Notice{Kind: templates.PasswordChanged})
		for range 5 {
			h.browser().get("/not-me/"+alarm).shows(200, "This wasn't you?")
		}
		thief.get("/authorize").says("done globex pwd ada@example.com") // looking did nothing
		b := h.browser()
		page := b.get("/not-me/"+alarm).shows(200, "This wasn't you?")
		done := b.press(page, "This wasn't me").shows(200, "Check your mail")
		if done.url.Path != "/not-me/done" {
			t.Errorf("at %s", done.url)
		}
		b.get("/not-me/done").shows(200, "Check your mail")
		thief.get("/authorize").shows(200, "Login")
		h.browser().get("/reset/"+older).shows(410, "There is a newer link")
		link := h.secretOf(resetShape, h.letters())
		b.send(b.get("/reset/"+link), "password", newPassword).shows(200, "Your new password has been set")
		h.browser().get("/not-me/"+alarm).shows(410, "This link has been used")
		if h.events(identity.EventNotMe) != 1 {
			t.Error("it is not on record")
		}
	})
}

func TestThisWasntMeHappensOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", h.account("globex", identity.TwoFactorOff))
		alarm := h.notice(ada, mail.Notice{Kind: templates.PasswordChanged})
		var together sync.WaitGroup
		for range 20 {
			b := h.browser()
			b.plant("vestibule-not-me", alarm)
			together.Go(func() { b.post("/not-me", nil) })
		}
		together.Wait()
		if letters := h.letters(); len(letters) != 1 || h.events(identity.EventNotMe) != 1 {
			t.Errorf("%d letters, %d alarms", len(letters), h.events(identity.EventNotMe))
		}
	})
}

func TestThisWasntMeTakesAPasskeyBack(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", h.account("globex", identity.TwoFactorOff))
		h.passkey(ada, h.server.URL)
		keys, err := h.db.PasskeysOf(t.Context(), ada.ID)
		if err != nil || len(keys) != 1 {
			t.Fatalf("%d passkeys, %v", len(keys), err)
		}
		b := h.browser()
		b.press(b.get("/not-me/"+h.notice(ada, mail.Notice{Kind: templates.PasskeyAdded, Subject: keys[0].ID})), "This wasn't me").shows(200, "Check your mail")
		after, err := h.db.Person(t.Context(), ada.ID, h.clock())
		if err != nil || after.Passkeys || after.Epoch != ada.Epoch+1 {
			t.Errorf("%+v, %v", after, err)
		}
		h.browser().get("/reset/"+h.secretOf(resetShape, h.letters())).shows(200, "Choose a new password") // made after the epoch rose
	})
}

func TestThisWasntMeTakesAChangeOfAddressBack(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", h.account("globex", identity.TwoFactorOff))
		alarm := h.notice(ada, mail.Notice{Kind: templates.EmailChanged, Detail: "eve@evil.example"})
		second := h.notice(ada, mail.Notice{Kind: templates.EmailChanged, Detail: "eve@evil.example"})
		moved := ada
		moved.Email = "eve@evil.example"
		h.write(func(tx *storage.Tx) error { return tx.SaveUser(t.Context(), moved) })
		b := h.browser()
		b.press(b.get("/not-me/"+alarm), "This wasn't me").shows(200, "Check your mail")
		letters := h.letters()
		if u := must(h.db.User(t.Context(), ada.ID)); u.Email != ada.Email || len(letters) != 1 || letters[0].To != ada.Email {
			t.Errorf("%s; letters %+v", u.Email, letters)
		}
		taken, err := identity.NewUser("ada@example.com", "Another Ada", h.clock())
		h.write(func(tx *storage.Tx) error {
			return errors.Join(err, tx.SaveUser(t.Context(), moved), tx.SaveUser(t.Context(), taken))
		})
		b = h.browser()
		b.press(b.get("/not-me/"+second), "This wasn't me").shows(200, "Check your mail")
		if letters := h.letters(); len(letters) != 1 || letters[0].To != moved.Email {
			t.Errorf("a link for Eve's login went to somebody else: %+v", letters)
		}
	})
}

func TestThisWasntMeWithdrawsALostAuthenticator(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, _ := h.enrolled()
		b := h.browser()
		alarm := h.secretOf(alarmShape, b.asksForHelp(h, ada.Email))
		approved, secret := identity.NewApprovedReset(ada, "", h.clock())
		h.write(func(tx *storage.Tx) error { return tx.AddLink(t.Context(), approved) })
		home := h.browser()
		home.press(home.get("/not-me/"+alarm), "This wasn't me").shows(200, "Check your mail")
		h.browser().get("/reset/"+secret).shows(410, "There is a newer link")
		if r := must(h.db.LastRecovery(t.Context(), ada.ID)); r.Outcome != identity.RecoveryWithdrawn {
			t.Errorf("%+v", r)
		}
	})
}

func TestAnAlarmLastsAWeekAndIsNotForTheDisabled(t *testing.T) {
	h := onEither(t)
	ada := h.person("ada@example.com", h.account("globex", identity.TwoFactorOff))
	alarm := h.notice(ada, mail.Notice{Kind: templates.PasswordChanged})
	h.wait(7*24*time.Hour - time.Second)
	h.browser().get("/not-me/"+alarm).shows(200, "This wasn't you?")
	gone := ada
	gone.Disable(h.clock())
	h.write(func(tx *storage.Tx) error { return tx.SaveUser(t.Context(), gone) })
	h.browser().get("/not-me/"+alarm).shows(404, "We do not know this link")
	h.write(func(tx *storage.Tx) error { return tx.SaveUser(t.Context(), ada) })
	h.wait(time.Second)
	h.browser().get("/not-me/"+alarm).shows(410, "This link has expired")
}
