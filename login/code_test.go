package login_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// enrolled is a person at an account that asks for a code, and the app on their phone.
func (h *house) enrolled() (identity.User, identity.Authenticator) {
	ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorAll))
	return ada, h.app(ada)
}

func TestR8_OnlyTheCodesAroundNowCount(t *testing.T) {
	h := onEither(t)
	acme := h.account("acme", identity.TwoFactorAll)
	for offset, accepted := range map[time.Duration]bool{-90 * time.Second: false, -60 * time.Second: false, -30 * time.Second: true, 0: true, 30 * time.Second: true, 60 * time.Second: false, 90 * time.Second: false} {
		u := h.person(fmt.Sprintf("ada%d@example.com", offset/time.Second), acme)
		app := h.app(u)
		b := h.browser()
		answer := b.send(b.logIn("", u.Email, password).asksCode(200), "code", identity.TOTPCode(app.Secret, h.clock().Add(offset)))
		if (answer.status == 200) != accepted {
			t.Errorf("the code of %v: %d", offset, answer.status)
		}
	}
}

func TestR9_ACodeCountsOnceAndKillsTheOlderOnes(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, app := h.enrolled()
		older := identity.TOTPCode(app.Secret, h.clock().Add(-30*time.Second))
		code := h.code(app.Secret)
		b := h.browser()
		b.send(b.logIn("", "ada@example.com", password).asksCode(200), "code", code).says("done acme pwd+otp+mfa ada@example.com")

		other := h.browser()
		page := other.logIn("", "ada@example.com", password).asksCode(200)
		reused := other.send(page, "code", code).asksCode(422)
		going := other.send(page, "code", older).asksCode(422)
		wrong := other.send(page, "code", h.wrongCode(app.Secret)).asksCode(422)
		if reused.body != wrong.body || going.body != wrong.body {
			t.Error("a used code is told apart from a wrong one (R13)")
		}
		h.wait(30 * time.Second)
		other.send(page, "code", h.code(app.Secret)).says("done acme pwd+otp+mfa ada@example.com")
	})
}

func TestR9_TheSameCodeOnTwoReplicasHasOneWinner(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, app := h.enrolled()
		replicas := []string{h.server.URL, h.replica().URL}
		pages, browsers := make([]screen, 6), make([]*browser, 6)
		for i := range pages {
			browsers[i] = newBrowser(t, replicas[i%2])
			pages[i] = browsers[i].logIn("", "ada@example.com", password).asksCode(200)
		}
		code := h.code(app.Secret)
		var together sync.WaitGroup
		for i, b := range browsers {
			together.Go(func() { pages[i] = b.send(pages[i], "code", code) })
		}
		together.Wait()
		winners := 0
		for _, p := range pages {
			if p.status == 200 {
				winners++
			}
		}
		if winners != 1 || h.events(identity.EventCodeAccepted) != 1 || h.events(identity.EventCodeRefused) != 5 {
			t.Errorf("%d winners, %d accepted, %d refused", winners, h.events(identity.EventCodeAccepted), h.events(identity.EventCodeRefused))
		}
	})
}

func TestR9_TheConfirmingCodeIsUsedUp(t *testing.T) {
	h := onEither(t)
	acme := h.account("acme", identity.TwoFactorAll)
	b := h.browser()
	page := b.reveal(h.invite(h.person("ada@example.com", acme), acme))
	code := h.code(page.secret())
	b.savesCodes(b.send(page, "code", code)).shows(200, "Your authenticator is set up")
	b.send(b.logIn("", "ada@example.com", password).asksCode(200), "code", code).asksCode(422).refuses("This code is not right")
}

func TestR12_FortyLoginsAtOnceGetTenCodesJudged(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, app := h.enrolled()
		replicas := []string{h.server.URL, h.replica().URL}
		pages, browsers := make([]screen, 40), make([]*browser, 40)
		for i := range pages {
			browsers[i] = newBrowser(t, replicas[i%2])
			pages[i] = browsers[i].logIn("", "ada@example.com", password).asksCode(200)
		}
		wrong := h.wrongCode(app.Secret)
		var together sync.WaitGroup
		for i, b := range browsers {
			together.Go(func() {
				for range 5 {
					b.post(pages[i].url.String(), map[string][]string{"code": {wrong}})
				}
			})
		}
		together.Wait()
		if n := h.events(identity.EventCodeRefused); n != 10 {
			t.Errorf("%d codes were judged", n)
		}
		b := h.browser()
		page := b.logIn("", "ada@example.com", password).asksCode(200)
		blocked := b.send(page, "code", h.code(app.Secret)).asksCode(429).refuses("Too many attempts. Please try again in 15 minutes")
		if blocked.header.Get("Retry-After") != "900" {
			t.Errorf("Retry-After: %q", blocked.header.Get("Retry-After"))
		}
		h.wait(15 * time.Minute)
		page = b.get("/authorize").asksCode(200)
		b.send(page, "code", h.code(app.Secret)).says("done acme pwd+otp+mfa ada@example.com")
	})
}

func TestR12_TheFifthWrongCodeEndsTheLoginAndARightOneClearsTheCount(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, app := h.enrolled()
		b := h.browser()
		page := b.logIn("", "ada@example.com", password).asksCode(200)
		for range 4 {
			b.send(page, "code", h.wrongCode(app.Secret)).asksCode(422).refuses("This code is not right")
		}
		ended := b.send(page, "code", h.wrongCode(app.Secret)).shows(422, "Login").refuses("This login has ended")
		b.send(ended, "email", "ada@example.com", "password", password).shows(200, "You are logged in")
		b.send(page, "code", h.code(app.Secret)).shows(400, "This login has expired")
		b.get(page.url.String()).shows(400, "This login has expired")

		b.send(b.get("/authorize").asksCode(200), "code", h.code(app.Secret)).says("done acme pwd+otp+mfa ada@example.com")
		counter, err := h.db.Attempts(t.Context(), h.userID("ada@example.com"), identity.AttemptCode, "")
		if err != nil || counter.Failures != 0 {
			t.Errorf("%+v, %v", counter, err)
		}
	})
}

func (h *house) userID(email string) identity.UserID {
	u, err := h.db.UserByEmail(h.t.Context(), email)
	if err != nil {
		h.t.Fatal(err)
	}
	return u.ID
}

func TestR12_TheHundredthWrongCodeTurnsTheAppOff(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, app := h.enrolled()
		h.write(func(tx *storage.Tx) error {
			return tx.SaveAttempts(t.Context(), identity.Attempts{UserID: ada.ID, Kind: identity.AttemptCode, Failures: 98})
		})
		b := h.browser()
		page := b.logIn("", "ada@example.com", password).asksCode(200)
		b.send(page, "code", h.wrongCode(app.Secret)).asksCode(422)
		if h.events(identity.EventAuthenticatorOff) != 0 {
			t.Fatal("off at the ninety-ninth")
		}
		b.send(page, "code", h.wrongCode(app.Secret)).asksCode(422)
		if h.events(identity.EventAuthenticatorOff) != 1 {
			t.Error("not on record")
		}
		if mail := h.letters(); len(mail) == 0 || mail[len(mail)-1].Subject != "Your authenticator has been switched off" || mail[len(mail)-1].To != "ada@example.com" {
			t.Errorf("the person is not told: %+v", mail)
		}
		page = b.get(page.url.String()).shows(200, "Check your mail")
		b.post(page.url.String(), map[string][]string{"code": {h.code(app.Secret)}}).shows(200, "Check your mail")

		// The app that follows begins with a count of its own.
		b.press(page, "Send the link")
		secret := h.browser().reveal(h.link()).secret()
		page = b.get(page.url.String()).asksCode(200)
		b.send(page, "code", h.wrongCode(secret)).asksCode(422)
		b.savesCodes(b.send(page, "code", h.code(secret))).says("done acme pwd+otp+mfa ada@example.com")
	})
}

func TestR13_WhateverIsNoCodeIsRefusedAlike(t *testing.T) {
	h := onEither(t)
	_, app := h.enrolled()
	right := h.code(app.Secret)
	var first string
	for i, code := range []string{
		h.wrongCode(app.Secret), "１２３４５６", "+12345", "1e5", right + "0", right[:5], "0x1234", "-" + right[:5], "abcdef", strings.Repeat("1", 4000), "<b>1</b>",
	} {
		h.write(func(tx *storage.Tx) error {
			return tx.ClearAttempts(t.Context(), h.userID("ada@example.com"), identity.AttemptCode, "")
		})
		b := h.browser()
		page := b.logIn("", "ada@example.com", password).asksCode(200)
		answer := b.send(page, "code", code).asksCode(422)
		body := strings.ReplaceAll(answer.body, page.url.Query().Get("request"), "")
		if i == 0 {
			first = body
		} else if body != first {
			t.Errorf("%q is refused differently", code)
		}
	}
	b := h.browser()
	page := b.logIn("", "ada@example.com", password).asksCode(200)
	b.send(page, "code", " ").asksCode(422).refuses("Please enter the six digits")
	b.send(page, "code", right[:3]+" "+right[3:]).says("done acme pwd+otp+mfa ada@example.com")
}

func TestACodeIsForTheAccountItWasEnteredFor(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorAll), h.account("globex", identity.TwoFactorAll))
		app := h.app(ada)
		b := h.browser()
		b.send(b.logIn("account=acme", ada.Email, password).asksCode(200), "code", h.code(app.Secret)).says("done acme pwd+otp+mfa ada@example.com")
		b.get("/authorize?account=globex").shows(200, "Globex Media asks for a code")
	})
}
