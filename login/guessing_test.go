package login_test

import (
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// guessedAt leaves a person with so many wrong passwords in a row, the last one a quarter of an hour ago.
func (h *house) guessedAt(u identity.User, bucket string, failures int) {
	h.t.Helper()
	h.write(func(tx *storage.Tx) error {
		a, err := tx.Attempts(h.t.Context(), u.ID, identity.AttemptPassword, bucket)
		a.Failures, a.CountedAt, a.BlockedUntil = failures, h.clock().Add(-15*time.Minute), h.clock()
		return errors.Join(err, tx.SaveAttempts(h.t.Context(), a))
	})
}

// tellGuessing does the background job and takes the letters.
func (h *house) tellGuessing() []identity.Letter {
	h.t.Helper()
	if err := h.door.TellGuessing(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	return h.letters()
}

func TestR45_AHundredWrongPasswordsInARowAreToldOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
		stranger := h.browser()
		wrong := func() screen { return stranger.logIn("", ada.Email, "guess").shows(422, "Login") }
		tells := func(when string, want int) (letters []identity.Letter) {
			if letters = h.tellGuessing(); len(letters) != want {
				t.Fatalf("%s: %d letters", when, len(letters))
			}
			return letters
		}
		h.guessedAt(ada, "", 98)
		wrong()
		h.wait(15 * time.Minute)
		tells("after the 99th", 0)
		wrong()
		tells("while the hundredth may still turn out right", 0)
		h.wait(identity.PasswordJudged)
		letter := tells("after the hundredth", 1)[0]
		if letter.To != ada.Email || letter.Subject != "Somebody is guessing your password" || !strings.Contains(letter.Text, "You are not locked out") ||
			!strings.Contains(letter.Text, h.server.URL+"/settings") || strings.Contains(letter.Text, "not-me") || strings.Contains(letter.Text, "came from a browser") {
			t.Errorf("the letter: %+v", letter)
		}
		for range 3 {
			h.wait(15 * time.Minute)
			wrong()
			h.wait(identity.PasswordJudged)
			tells("after another one", 0)
		}
		h.wait(15 * time.Minute)
		stranger.logIn("", ada.Email, password).says("done acme pwd ada@example.com") // nobody is locked out, and the run is over
		h.guessedAt(ada, "", 100)
		tells("after the next hundred", 1)
		if n := h.events(identity.EventGuessingTold); n != 2 {
			t.Errorf("%d letters are on record", n)
		}
	})
}

func TestR45_ARightPasswordAfterNinetyNineWrongOnesIsNotTold(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
		h.guessedAt(ada, "", 99)
		h.browser().logIn("", ada.Email, password).says("done acme pwd ada@example.com")
		h.wait(time.Hour)
		if letters := h.tellGuessing(); len(letters) != 0 {
			t.Errorf("told of 99: %v", letters)
		}
	})
}

func TestR45_TheHundredthWrongPasswordIsAnsweredLikeThatOfAnAddressNobodyHas(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
		answer := func(email string) string {
			page := h.browser().post("/login", url.Values{"email": {email}, "password": {"guess"}}).shows(422, "Login")
			return strings.ReplaceAll(strings.ReplaceAll(page.body, url.QueryEscape(email), "EMAIL"), email, "EMAIL")
		}
		h.guessedAt(ada, "", 99)
		if answer(ada.Email) != answer("nobody@example.com") {
			t.Error("the hundredth is told apart")
		}
		if letters := h.letters(); len(letters) != 0 { // to write one takes time
			t.Errorf("the login has written the letter itself: %v", letters)
		}
	})
}

func TestR45_WhoIsToldOfGuessingAndHowOften(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorOff)
		ada, disabled, invited := h.person("ada@example.com", acme), h.person("disabled@example.com", acme), h.person("invited@example.com", acme)
		disabled.DisabledAt, invited.PasswordHash, ada.Locale = noon, "", "de"
		for _, u := range []identity.User{ada, disabled, invited} {
			h.write(func(tx *storage.Tx) error { return tx.SaveUser(t.Context(), u) })
			h.guessedAt(u, "browser", 120)
		}
		var together sync.WaitGroup
		for range 8 { // as many replicas do
			together.Go(func() {
				if err := h.door.TellGuessing(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		together.Wait()
		letters := h.letters()
		if len(letters) != 1 || letters[0].To != ada.Email || letters[0].Subject != "Jemand versucht, Ihr Passwort zu erraten" ||
			!strings.Contains(letters[0].Text, "aus einem Browser, in dem Sie sich schon angemeldet haben") {
			t.Fatalf("the letters: %+v", letters)
		}
		disabled.DisabledAt = time.Time{}
		h.write(func(tx *storage.Tx) error { return tx.SaveUser(t.Context(), disabled) })
		if letters := h.tellGuessing(); len(letters) != 1 || letters[0].To != disabled.Email {
			t.Errorf("once they are back: %+v", letters)
		}
	})
}

func TestR45_AResetEndsTheRunOfWrongPasswordsInEveryBrowser(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
		owner := h.browser()
		owner.logIn("", ada.Email, password).says("done acme pwd ada@example.com")
		h.guessedAt(ada, "", 99)
		h.guessedAt(ada, "browser", 99)
		b := h.browser()
		b.send(b.get("/reset/"+h.forget(ada.Email)), "password", newPassword).shows(200, "Your new password has been set")
		h.letters()
		for _, b := range []*browser{h.browser(), owner} { // one mistake each, and nobody waits
			b.logIn("", ada.Email, newPassword).says("done acme pwd ada@example.com")
			b.press(b.get("/logout"), "Log out everywhere")
			b.logIn("", ada.Email, "a mistake").shows(422, "Login")
			b.logIn("", ada.Email, newPassword).says("done acme pwd ada@example.com")
		}
		h.wait(time.Hour)
		if letters := h.tellGuessing(); len(letters) != 0 {
			t.Errorf("told of what was wrong for the old password: %v", letters)
		}
	})
}
