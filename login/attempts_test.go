package login_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

func TestR44_UnknownDisabledBlockedAndWrongLookTheSame(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorOff)
		h.person("wrong@example.com", acme)
		disabled, invited, blocked := h.person("disabled@example.com", acme), h.person("invited@example.com", acme), h.person("blocked@example.com", acme)
		disabled.DisabledAt, invited.PasswordHash = noon, ""
		h.write(func(tx *storage.Tx) error { return tx.SaveUser(t.Context(), disabled) })
		h.write(func(tx *storage.Tx) error { return tx.SaveUser(t.Context(), invited) })
		h.write(func(tx *storage.Tx) error {
			return tx.SaveAttempts(t.Context(), identity.Attempts{UserID: blocked.ID, Kind: identity.AttemptPassword, Failures: 9, BlockedUntil: noon.Add(time.Hour)})
		})
		var first screen
		for i, row := range [][2]string{
			{"wrong@example.com", "not the password"}, {"unknown@example.com", password}, {"disabled@example.com", password},
			{"invited@example.com", password}, {"blocked@example.com", password}, {"no-address", password}, {"wrong@example.com", strings.Repeat("x", 5000)},
		} {
			page := h.browser().post("/login", url.Values{"email": {row[0]}, "password": {row[1]}}).shows(422, "Login")
			page.body = strings.ReplaceAll(strings.ReplaceAll(page.body, row[0], "EMAIL"), url.QueryEscape(row[0]), "EMAIL")
			page.header.Del("Set-Cookie")
			page.header.Del("Date")
			page.header.Del("Content-Length")
			if i == 0 {
				first = page
			}
			if page.body != first.body || len(page.header) != len(first.header) {
				t.Errorf("%s is refused differently: %v\n%s", row[0], page.header, page.body)
			}
		}
		if n := h.events(identity.EventSignInRefused); n != 7 {
			t.Errorf("%d refusals are on record", n)
		}
	})
}

// TestR44_EveryRefusalCostsAHash looks at the work behind a refusal: while the only place for hashing is
// taken, whoever does not need it would be answered at once.
func TestR44_EveryRefusalCostsAHash(t *testing.T) {
	h := onEither(t)
	who := h.peopleToRefuse()
	slow := identity.HasherConfig{Memory: 64 << 10, Time: 6, Concurrency: 1, Wait: time.Millisecond, AllowWeak: true}
	var err error
	if h.hasher, err = identity.NewHasher(slow); err != nil {
		t.Fatal(err)
	}
	h.server = h.replica()
	done := make(chan error, 1)
	go func() {
		_, err := h.hasher.Hash(context.Background(), "takes the only place for a second or more")
		done <- err
	}()
	time.Sleep(100 * time.Millisecond)
	b := h.browser()
	for _, email := range who {
		if page := b.post("/login", url.Values{"email": {email}, "password": {"not the password"}}); page.status != http.StatusServiceUnavailable {
			t.Errorf("%s is answered %d without a hash", email, page.status)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// peopleToRefuse returns addresses that are refused for four different reasons.
func (h *house) peopleToRefuse() []string {
	h.t.Helper()
	acme := h.account("acme", identity.TwoFactorOff)
	h.person("wrong@example.com", acme)
	disabled, blocked := h.person("disabled@example.com", acme), h.person("blocked@example.com", acme)
	disabled.DisabledAt = noon
	h.write(func(tx *storage.Tx) error {
		return errors.Join(tx.SaveUser(h.t.Context(), disabled), tx.SaveAttempts(h.t.Context(), identity.Attempts{
			UserID: blocked.ID, Kind: identity.AttemptPassword, Failures: 9, BlockedUntil: noon.Add(time.Hour)}))
	})
	return []string{"wrong@example.com", "unknown@example.com", "disabled@example.com", "blocked@example.com"}
}

func TestR45_WrongPasswordsDelayStrangersAndNotTheOwnersBrowser(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
		owner := h.browser()
		owner.logIn("", "ada@example.com", password).says("done acme pwd ada@example.com")
		owner.press(owner.get("/logout"), "Log out everywhere")

		stranger := h.browser()
		for range 11 {
			h.wait(time.Minute)
			stranger.logIn("", "ada@example.com", "guess").shows(422, "Login")
		}
		stranger.logIn("", "ada@example.com", password).shows(422, "Login").refuses("Email or password is not right")
		owner.logIn("", "ada@example.com", password).says("done acme pwd ada@example.com")
		h.wait(15 * time.Minute)
		stranger.logIn("", "ada@example.com", password).says("done acme pwd ada@example.com")
	})
}

func TestR45_TheFifthWrongPasswordInARowWaits(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
		guess := func(n int) {
			for range n {
				h.browser().logIn("", "ada@example.com", "guess").shows(422, "Login")
			}
		}
		guess(4)
		h.browser().logIn("", "ada@example.com", password).says("done acme pwd ada@example.com") // and begins anew
		guess(5)
		h.browser().logIn("", "ada@example.com", password).shows(422, "Login")
		h.wait(time.Second)
		h.browser().logIn("", "ada@example.com", password).says("done acme pwd ada@example.com")
	})
}

func TestR46_AnAddressHasTwentyLoginsAMinute(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
		h.addressLogins = 0 // as it comes
		base := h.replica().URL
		try := func(from string) screen {
			h.moveTo(from)
			return newBrowser(t, base).logIn("", "ada@example.com", password)
		}
		for i := range identity.AddressLogins {
			try("2001:db8::" + string('1'+rune(i%9))).says("done acme pwd ada@example.com")
		}
		crowded := try("2001:db8::ffff").shows(429, "Login").refuses("Too many attempts. Please try again in 1 minute")
		if crowded.header.Get("Retry-After") != "60" {
			t.Errorf("Retry-After: %q", crowded.header.Get("Retry-After"))
		}
		try("2001:db8:0:1::1").says("done acme pwd ada@example.com")
		try("192.0.2.7").says("done acme pwd ada@example.com")
		h.wait(identity.AddressInterval)
		try("2001:db8::1").says("done acme pwd ada@example.com")
	})
}

// A password that changes while the old one is being judged opens nothing.
func TestWhatChangesDuringTheHashCounts(t *testing.T) {
	h := onEither(t)
	slow := identity.HasherConfig{Memory: 64 * 1024, Time: 4, AllowWeak: true}
	var err error
	if h.hasher, err = identity.NewHasher(slow); err != nil {
		t.Fatal(err)
	}
	acme := h.account("acme", identity.TwoFactorAll)
	base := h.replica().URL
	for name, act := range map[string]func(b *browser, u identity.User) func() screen{
		"login": func(b *browser, u identity.User) func() screen {
			page := b.get("/authorize")
			return func() screen { return b.send(page, "email", u.Email, "password", password) }
		},
		"link": func(b *browser, u identity.User) func() screen {
			page := b.get("/enroll/" + h.invite(u, acme))
			return func() screen { return b.send(page, "password", password) }
		},
	} {
		u := h.person(name+"@example.com", acme)
		send := act(newBrowser(t, base), u)
		answered := make(chan screen)
		go func() { answered <- send() }()
		for counted := 0; counted == 0; { // counted means: the hash is being computed
			a, err := h.db.Attempts(t.Context(), u.ID, identity.AttemptPassword, "")
			if err != nil {
				t.Fatal(err)
			}
			counted = a.Failures
		}
		u.SetPassword("$argon2id$another", noon)
		h.write(func(tx *storage.Tx) error { return tx.SaveUser(t.Context(), u) })
		if s := <-answered; s.heading() == "Check your mail" || strings.Contains(s.body, `class="qr"`) {
			t.Errorf("%s: %s", name, text(s.tree))
		}
	}
	if h.events(identity.EventSignedIn)+h.events(identity.EventEnrollmentRevealed) != 0 {
		t.Error("an old password was accepted")
	}
}
