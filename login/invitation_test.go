package login_test

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
)

// guest adds somebody who belongs to an account and has no password yet.
func (h *house) guest(email string, a identity.Account) identity.User {
	h.t.Helper()
	u, err := identity.NewUser(email, "", noon)
	h.write(func(tx *storage.Tx) error {
		place := identity.Membership{UserID: u.ID, Account: a, Role: identity.RoleMember, CreatedAt: noon}
		return errors.Join(err, tx.SaveUser(context.Background(), u), tx.SaveMembership(context.Background(), place))
	})
	return u
}

// invited mails an invitation, as an operator does, and returns its secret.
func (h *house) invited(u identity.User, a identity.Account) string {
	h.t.Helper()
	h.write(func(tx *storage.Tx) error {
		place := identity.Membership{UserID: u.ID, Account: a, Role: identity.RoleMember}
		return mail.Outbox{Issuer: h.server.URL}.Invite(context.Background(), tx, u, place, h.clock())
	})
	return h.mailed("/invitation/")
}

// mailed takes the one letter that waits and returns the secret of the link in it.
func (h *house) mailed(path string) string {
	h.t.Helper()
	letters := h.letters()
	if len(letters) != 1 {
		h.t.Fatalf("%d letters wait, want one", len(letters))
	}
	found := regexp.MustCompile(regexp.QuoteMeta(h.server.URL+path) + `([A-Za-z0-9_-]{43})\n`).FindStringSubmatch(letters[0].Text)
	if found == nil {
		h.t.Fatalf("no link to %s in %q", path, letters[0].Text)
	}
	return found[1]
}

// user is a person as they are stored now.
func (h *house) user(email string) identity.User {
	h.t.Helper()
	u, err := h.db.UserByEmail(context.Background(), email)
	if err != nil {
		h.t.Fatal(err)
	}
	return u
}

func TestInvitation_AnInvitedPersonSetsNameAndPasswordAndLogsIn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		globex := h.account("globex", identity.TwoFactorOff)
		link := h.invited(h.guest("ben@example.com", globex), globex)
		b := h.browser()
		page := b.get("/invitation/"+link).shows(200, "You are invited to Globex Media")
		if strings.Contains(page.url.String(), link) || page.value("email") != "ben@example.com" {
			t.Errorf("at %s for %q", page.url, page.value("email"))
		}
		page = b.send(page, "name", "Ben Okafor", "password", password).shows(200, "Welcome")
		if b.cookie("vestibule-session") != "" {
			t.Error("the invitation has logged somebody in")
		}
		b.get(page.url.String()).shows(200, "Welcome")
		if u := h.user("ben@example.com"); u.Name != "Ben Okafor" || !u.EmailVerified || h.events(identity.EventInvitationAccepted) != 1 {
			t.Errorf("%+v, %d on record", u, h.events(identity.EventInvitationAccepted))
		}
		b.logIn("", "ben@example.com", password).says("done globex pwd ben@example.com")
		b.get("/invitation/"+link).shows(410, "This link has been used")
	})
}

func TestInvitation_WhereACodeIsAskedForTheQRCodeAndRecoveryCodesFollow(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorAll)
		link := h.invited(h.guest("ben@example.com", acme), acme)
		b := h.browser()
		page := b.get("/invitation/" + link)
		if !strings.Contains(page.body, "connect an authenticator app") {
			t.Error("nobody says that the phone is needed")
		}
		page = b.send(page, "name", "Ben Okafor", "password", password).shows(200, "Set up two-factor authentication")
		secret := page.secret()
		if len(h.letters()) != 0 {
			t.Error("the link on the screen was mailed")
		}
		other := h.browser()
		other.logIn("", "ben@example.com", password).asksCode(200) // pending: the first right code confirms it
		b.savesCodes(b.send(page, "code", h.code(secret)))
		h.wait(30 * time.Second)
		b.send(b.logIn("", "ben@example.com", password).asksCode(200), "code", h.code(secret)).says("done acme pwd+otp+mfa ben@example.com")
	})
}

// TestR24_ClosingTheTabOfAnInvitationShowsTheQRCodeToNobodyElse: a password alone leads to a letter and not to the code.
func TestR24_ClosingTheTabOfAnInvitationShowsTheQRCodeToNobodyElse(t *testing.T) {
	h := onEither(t)
	acme := h.account("acme", identity.TwoFactorAll)
	link := h.invited(h.guest("ben@example.com", acme), acme)
	b := h.browser()
	b.send(b.get("/invitation/"+link), "name", "Ben", "password", password).shows(200, "Set up two-factor authentication")
	other := h.browser()
	other.get("/enroll").shows(404, "We do not know this link")
	page := other.press(other.logIn("", "ben@example.com", password).asksCode(200), "Send a new link")
	page.shows(429, "Login").refuses("We have just sent you a link")
	h.wait(2 * time.Minute)
	other.press(page, "Send a new link").shows(200, "Check your mail")
	b.get("/enroll").shows(410, "There is a newer link")
}

func TestR22_AnInvitationWorksOnceForADayAndTheNewestWins(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		globex := h.account("globex", identity.TwoFactorOff)
		ben := h.guest("ben@example.com", globex)
		first := h.invited(ben, globex)
		second := h.invited(ben, globex)
		b := h.browser()
		b.get("/invitation/"+first).shows(410, "There is a newer link")
		b.get("/invitation/"+second).shows(200, "You are invited to Globex Media")
		h.wait(24*time.Hour + time.Second)
		b.get("/invitation").shows(410, "This link has expired")
		b.post("/invitation", url.Values{"name": {"Ben"}, "password": {password}}).shows(410, "This link has expired")
		if h.user("ben@example.com").PasswordHash != "" {
			t.Error("an expired link has set a password")
		}
		third := h.invited(ben, globex)
		h.write(func(tx *storage.Tx) error { return tx.RemoveMembership(context.Background(), ben.ID, globex.ID) })
		b.get("/invitation/"+third).shows(404, "We do not know this link") // who was taken out has no business here
		b.post("/invitation", url.Values{"name": {"Ben"}, "password": {password}}).shows(404, "We do not know this link")
		for _, nonsense := range []string{"x", strings.Repeat("A", 43)} {
			b.get("/invitation/"+nonsense).shows(404, "We do not know this link")
		}
	})
}

func TestR23_LookingAtAnInvitationChangesNothing(t *testing.T) {
	h := onEither(t)
	globex := h.account("globex", identity.TwoFactorOff)
	link := h.invited(h.guest("ben@example.com", globex), globex)
	for range 5 {
		scanner := h.browser()
		scanner.get("/invitation/"+link).shows(200, "You are invited to Globex Media")
		scanner.get("/invitation/done").shows(200, "You are invited to Globex Media")
	}
	b := h.browser()
	page := b.get("/invitation/" + link)
	for field, says := range map[string]string{
		"":                     "Please enter your password.",
		"short":                "This password is too short",
		"passwordpassword":     "easy to guess",
		"ben123456789":         "your email",
		"globex-media-1234567": "the name of an account of yours",
		"rich media cms 12345": "the name of a product",
		"okafor okafor okafor": "your name",
	} {
		page = b.send(page, "name", "Ben Okafor", "password", field).shows(422, "You are invited to Globex Media").refuses(says)
		if page.value("name") != "Ben Okafor" {
			t.Errorf("the name is to be typed again after %q", field)
		}
	}
	b.send(page, "name", "  ", "password", password).shows(422, "You are invited to Globex Media").refuses("enter your name")
	b.send(page, "name", "Ben\nOkafor", "password", password).shows(422, "You are invited to Globex Media").refuses("Names have at most")
	b.send(page, "name", "Ben", "password", password).shows(200, "Welcome")
}

func TestR22_OfFiftyParallelUsesOfAnInvitationOneWins(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		const guests = 50
		acme := h.account("acme", identity.TwoFactorAll)
		link := h.invited(h.guest("ben@example.com", acme), acme)
		var all sync.WaitGroup
		var mu sync.Mutex
		shown := 0
		for range guests {
			all.Go(func() {
				b := h.browser()
				b.get("/invitation/" + link)
				page := b.post("/invitation", url.Values{"name": {"Ben"}, "password": {password}})
				mu.Lock()
				defer mu.Unlock()
				if page.heading() == "Set up two-factor authentication" {
					shown++
				} else if page.status != 410 && page.status != 503 { // hands full, on a machine with few
					t.Errorf("%d %q", page.status, page.heading())
				}
			})
		}
		all.Wait()
		if shown != 1 || h.events(identity.EventInvitationAccepted) != 1 {
			t.Errorf("%d browsers saw the QR code, %d acceptances on record", shown, h.events(identity.EventInvitationAccepted))
		}
	})
}

func TestInvitation_ADisabledPersonOrOneWithAPasswordHasNoUseForOne(t *testing.T) {
	h := onEither(t)
	globex := h.account("globex", identity.TwoFactorOff)
	ben := h.guest("ben@example.com", globex)
	link := h.invited(ben, globex)
	b := h.browser()
	b.get("/invitation/"+link).shows(200, "You are invited to Globex Media")
	disabled := ben
	disabled.Disable(h.clock())
	h.write(func(tx *storage.Tx) error { return tx.SaveUser(context.Background(), disabled) })
	b.post("/invitation", url.Values{"name": {"Ben"}, "password": {password}}).shows(404, "We do not know this link")
	h.write(func(tx *storage.Tx) error {
		ben.SetPassword("something", h.clock())
		return tx.SaveUser(context.Background(), ben)
	})
	b.get("/invitation").shows(410, "This link has been used")
	b.post("/invitation", url.Values{"name": {"Eve"}, "password": {password}}).shows(410, "This link has been used")
	if h.user("ben@example.com").PasswordHash != "something" {
		t.Error("an invitation has replaced a password")
	}
}
