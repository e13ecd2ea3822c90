package login_test

import (
	"net/url"
	"slices"
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

func TestR44_RefusalsTakeTheSameTime(t *testing.T) {
	if testing.Short() {
		t.Skip("measures time")
	}
	h := onSQLite(t)
	dear := cheap
	dear.Memory, dear.Time = 8*1024, 2 // a few milliseconds, so that a missing hash shows
	var err error
	if h.hasher, err = identity.NewHasher(dear); err != nil {
		t.Fatal(err)
	}
	h.server = h.replica()
	acme := h.account("acme", identity.TwoFactorOff)
	h.person("wrong@example.com", acme)
	disabled, blocked := h.person("disabled@example.com", acme), h.person("blocked@example.com", acme)
	disabled.DisabledAt = noon
	h.write(func(tx *storage.Tx) error { return tx.SaveUser(t.Context(), disabled) })
	h.write(func(tx *storage.Tx) error {
		return tx.SaveAttempts(t.Context(), identity.Attempts{UserID: blocked.ID, Kind: identity.AttemptPassword, Failures: 9, BlockedUntil: noon.Add(time.Hour)})
	})
	who := []string{"wrong@example.com", "unknown@example.com", "disabled@example.com", "blocked@example.com"}
	took := map[string][]time.Duration{}
	b := h.browser()
	for range 30 {
		for _, email := range who {
			h.wait(20 * time.Minute) // so that nobody but the blocked person is blocked
			h.write(func(tx *storage.Tx) error {
				return tx.SaveAttempts(t.Context(), identity.Attempts{UserID: blocked.ID, Kind: identity.AttemptPassword, Failures: 9, BlockedUntil: h.clock().Add(time.Hour)})
			})
			began := time.Now()
			b.post("/login", url.Values{"email": {email}, "password": {"not the password"}})
			took[email] = append(took[email], time.Since(began))
		}
	}
	median := func(email string) time.Duration { slices.Sort(took[email]); return took[email][len(took[email])/2] }
	for _, email := range who[1:] {
		if got, want := median(email), median(who[0]); got < want*6/10 || got > want*16/10 {
			t.Errorf("%s takes %v, a wrong password %v", email, got, want)
		}
	}
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
	h := onSQLite(t)
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
