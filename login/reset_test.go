package login_test

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

const newPassword = "copper kite hums at dusk"

var resetShape = regexp.MustCompile(`(https?://\S+)/reset/([A-Za-z0-9_-]{43})`)

// mailResets does the background job and takes the letters.
func (h *house) mailResets() []identity.Letter {
	h.t.Helper()
	if err := h.door.MailResets(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	return h.letters()
}

// forget asks for a reset link like anybody and returns its secret.
func (h *house) forget(email string) string {
	h.t.Helper()
	b := h.browser()
	b.send(b.get("/forgot").shows(200, "Forgot your password?"), "email", email).shows(200, "Check your mail")
	return h.secretOf(resetShape, h.mailResets())
}

// secretOf wants exactly one letter to hold a link of a shape, and returns its secret.
func (h *house) secretOf(shape *regexp.Regexp, letters []identity.Letter) (secret string) {
	h.t.Helper()
	for _, l := range letters {
		if found := shape.FindStringSubmatch(l.Text); found != nil {
			if secret != "" || found[1] != h.server.URL {
				h.t.Errorf("a second link, or one that leads elsewhere: %s", found[0])
			}
			secret = found[2]
		}
	}
	if secret == "" {
		h.t.Fatalf("no link in %d letters", len(letters))
	}
	return secret
}

// kinds are what the letters are about.
func kinds(letters []identity.Letter) string {
	var all []string
	for _, l := range letters {
		all = append(all, l.Kind)
	}
	return strings.Join(all, " ")
}

// trust makes an account content with the mailbox.
func (h *house) trust(a identity.Account) identity.Account {
	h.t.Helper()
	a.Reset = identity.ResetMailbox
	h.write(func(tx *storage.Tx) error { return tx.SaveAccount(h.t.Context(), a) })
	return a
}

func TestS6_WhoNeverHadAnAppGoesFromTheLetterToTheLogin(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.person("ada@example.com", h.account("globex", identity.TwoFactorOff))
		link := h.forget("ada@example.com")
		b := h.browser()
		page := b.get("/reset/"+link).shows(200, "Choose a new password")
		if page.url.Path != "/reset" || strings.Contains(page.body, link) || strings.Contains(page.body, `name="code"`) {
			t.Errorf("the page at %s: %s", page.url, page.body)
		}
		done := b.send(page, "password", newPassword).shows(200, "Your new password has been set")
		if done.url.Path != "/reset/done" || b.cookie("vestibule-session") != "" {
			t.Errorf("at %s, session %q", done.url, b.cookie("vestibule-session"))
		}
		b.get("/reset/done").shows(200, "Your new password has been set") // a reload
		if !strings.Contains(done.body, `href="/login">OK`) {
			t.Errorf("OK leads elsewhere: %s", done.body)
		}
		if got := kinds(h.letters()); got != "notice" {
			t.Errorf("letters: %s", got)
		}
		h.browser().logIn("", "ada@example.com", password).shows(422, "Login")
		h.browser().logIn("", "ada@example.com", newPassword).says("done globex pwd ada@example.com")
	})
}

func TestS6_AResetEndsWithANewQRCodeOnScreenAndInTheMail(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorAll)
		ada := h.person("ada@example.com", acme)
		old := h.app(ada)
		link := h.forget(ada.Email)
		b := h.browser()
		page := b.get("/reset/"+link).shows(200, "Choose a new password")
		done := b.send(page, "password", newPassword, "code", h.code(old.Secret)).shows(200, "Your new password has been set")
		if !strings.Contains(done.body, `href="/enroll">OK`) || strings.Contains(done.body, "otpauth") {
			t.Errorf("OK leads elsewhere, or there is no OK: %s", done.body)
		}
		scan := b.get("/enroll").shows(200, "Set up two-factor authentication")
		secret := scan.secret()
		letters := h.letters()
		mailed := h.secretOf(linkShape, letters)
		if kinds(letters) != "enrollment notice" || string(secret) == string(old.Secret) {
			t.Errorf("letters %s", kinds(letters))
		}
		elsewhere := h.browser()
		elsewhere.get("/enroll/"+mailed).shows(200, "Set up two-factor authentication") // the password first
		b.savesCodes(b.send(scan, "code", h.code(secret)))
		elsewhere.get("/enroll").shows(410, "This link has been used")
		if done := b.get("/reset/done"); !strings.Contains(done.body, `href="/login">OK`) {
			t.Error("after the app is set up OK still leads to the QR code")
		}
		h.wait(30 * time.Second)
		other := h.browser()
		code := other.logIn("", ada.Email, newPassword).asksCode(200)
		other.send(code, "code", h.code(old.Secret)).asksCode(422)
		other.send(code, "code", h.code(secret)).says("done acme pwd+otp+mfa ada@example.com")
	})
}

func TestS6_ClosingTheTabLosesNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorAll)
		ada := h.person("ada@example.com", acme)
		h.app(ada)
		h.trust(acme)
		b := h.browser()
		b.send(b.get("/reset/"+h.forget(ada.Email)), "password", newPassword).shows(200, "Your new password has been set")
		onScreen := b.get("/enroll").secret()
		mailed := h.secretOf(linkShape, h.letters())
		h.wait(time.Hour)
		phone := h.browser()
		page := phone.send(phone.get("/enroll/"+mailed).shows(200, "Set up two-factor authentication"), "password", newPassword)
		if string(page.secret()) == string(onScreen) {
			t.Error("the link shows a secret that has been on a screen for an hour")
		}
		phone.savesCodes(phone.send(page, "code", h.code(page.secret())))
	})
}

func TestR29_ALinkIsForOneUseAndLooksAreFree(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", h.account("globex", identity.TwoFactorOff))
		link := h.forget(ada.Email)
		for range 20 {
			h.browser().get("/reset/"+link).shows(200, "Choose a new password")
		}
		head, _ := http.NewRequest(http.MethodHead, h.server.URL+"/reset/"+link, nil)
		h.browser().do(head)
		b, late := h.browser(), h.browser()
		late.get("/reset/" + link)
		page := b.get("/reset/" + link)
		for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "same-origin"} {
			if got := page.header.Get(name); got != want {
				t.Errorf("%s: %q", name, got)
			}
		}
		b.send(page, "password", newPassword).shows(200, "Your new password has been set")
		late.post("/reset", map[string][]string{"password": {"somebody elses words"}}).shows(410, "This link has been used")
		h.browser().get("/reset/"+link).shows(410, "This link has been used")
		h.browser().logIn("", ada.Email, newPassword).says("done globex pwd ada@example.com")
	})
}

func TestR29_ALinkEndsWithItsTimeANewerOneOrAnotherPassword(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", h.account("globex", identity.TwoFactorOff))
		expired := h.forget(ada.Email)
		b := h.browser()
		b.get("/reset/" + expired)
		h.wait(identity.ResetLifetime)
		b.post("/reset", map[string][]string{"password": {newPassword}}).shows(410, "This link has expired")
		older := h.forget(ada.Email)
		h.wait(time.Minute)
		newer := h.forget(ada.Email)
		h.browser().get("/reset/"+older).shows(410, "There is a newer link")
		b.get("/reset/" + newer)
		h.write(func(tx *storage.Tx) error {
			u, err := tx.User(t.Context(), ada.ID)
			u.SetPassword(u.PasswordHash, h.clock())
			return errors.Join(err, tx.SaveUser(t.Context(), u))
		})
		b.post("/reset", map[string][]string{"password": {newPassword}}).shows(410, "There is a newer link")
		if h.events(identity.EventPasswordReset) != 0 {
			t.Error("a password was set")
		}
	})
}

func TestR29_OfFiftyParallelUsesOneWins(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", h.account("globex", identity.TwoFactorOff))
		link := h.forget(ada.Email)
		replicas := []string{h.server.URL, h.replica().URL}
		won := make([]bool, 50)
		var together sync.WaitGroup
		for i := range won {
			b := newBrowser(t, replicas[i%2])
			b.plant("vestibule-reset", link)
			together.Go(func() {
				page := b.post("/reset", map[string][]string{"password": {newPassword + strings.Repeat("!", i)}})
				won[i] = page.heading() == "Your new password has been set" // those who come later see that the link was used
			})
		}
		together.Wait()
		hits, works := 0, 0
		for i := range won {
			if won[i] {
				hits++
			}
			u, err := h.db.User(t.Context(), ada.ID)
			if err != nil {
				t.Fatal(err)
			}
			if ok, _, _ := h.hasher.Verify(t.Context(), u.PasswordHash, newPassword+strings.Repeat("!", i)); ok {
				works++
			}
		}
		if h.events(identity.EventPasswordReset) != 1 || works != 1 || hits == 0 {
			t.Errorf("%d resets, %d passwords work, %d pages say so", h.events(identity.EventPasswordReset), works, hits)
		}
	})
}

func TestR30_WithoutASecondFactorNothingChanges(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme, trusting := h.account("acme", identity.TwoFactorAll), h.account("globex", identity.TwoFactorOff)
		h.trust(trusting)
		ada := h.person("ada@example.com", acme, trusting) // the strictest account wins
		app := h.app(ada)
		home := h.browser()
		home.send(home.logIn("account=acme", ada.Email, password).asksCode(200), "code", h.code(app.Secret)).says("done acme pwd+otp+mfa ada@example.com")
		h.wait(30 * time.Second)
		link := h.forget(ada.Email)
		b := h.browser()
		page := b.get("/reset/"+link).shows(200, "Choose a new password")
		for _, code := range []string{"", " ", h.wrongCode(app.Secret), identity.TOTPCode(app.Secret, h.clock().Add(90*time.Second)), "AAAA-BBBB-CCCC-DDDD"} {
			words := "This code is not right"
			if strings.TrimSpace(code) == "" {
				words = "Please also enter a code"
			}
			b.send(page, "password", newPassword, "code", code).shows(422, "Choose a new password").refuses(words)
		}
		b.post("/reset", map[string][]string{"password": {newPassword}}).shows(422, "Choose a new password")
		home.get("/authorize?account=acme").says("done acme pwd+otp+mfa ada@example.com") // the session is unharmed
		h.browser().logIn("account=globex", ada.Email, password).says("done globex pwd ada@example.com")
		if p, err := h.db.Person(t.Context(), ada.ID, h.clock()); err != nil || !p.Confirmed || p.Epoch != ada.Epoch {
			t.Errorf("%+v, %v", p, err)
		}
		b.send(page, "password", newPassword, "code", h.code(app.Secret)).shows(200, "Your new password has been set")
	})
}

func TestR30_WrongCodesAtAResetCountWithThoseOfTheLogin(t *testing.T) {
	h := onEither(t)
	ada, app := h.enrolled()
	b := h.browser()
	page := b.get("/reset/" + h.forget(ada.Email))
	for range 10 {
		b.send(page, "password", newPassword, "code", h.wrongCode(app.Secret)).shows(422, "Choose a new password")
	}
	b.send(page, "password", newPassword, "code", h.code(app.Secret)).shows(429, "Choose a new password").refuses("Too many attempts")
	other := h.browser()
	other.send(other.logIn("", ada.Email, password).asksCode(200), "code", h.code(app.Secret)).asksCode(429)
}

func TestR30_GuessingAnAppAwayDoesNotMakeTheMailboxEnough(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, app := h.enrolled()
		h.write(func(tx *storage.Tx) error {
			return tx.SaveAttempts(t.Context(), identity.Attempts{UserID: ada.ID, Kind: identity.AttemptCode, Failures: 99})
		})
		b := h.browser()
		page := b.get("/reset/" + h.forget(ada.Email))
		page = b.send(page, "password", newPassword, "code", h.wrongCode(app.Secret)).shows(422, "Choose a new password")
		if p, err := h.db.Person(t.Context(), ada.ID, h.clock()); err != nil || p.Confirmed {
			t.Fatalf("the app is still on: %v", err)
		}
		b.send(page, "password", newPassword, "code", h.code(app.Secret)).shows(422, "Choose a new password")
		b.post("/reset", map[string][]string{"password": {newPassword}}).shows(422, "Choose a new password")
		h.browser().logIn("", ada.Email, newPassword).shows(422, "Login")
	})
}

func TestR31_AResetEndsEverythingAndLogsNobodyIn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		globex := h.account("globex", identity.TwoFactorOff)
		ada := h.person("ada@example.com", globex)
		home, away := h.browser(), h.browser()
		home.logIn("", ada.Email, password).says("done globex pwd ada@example.com")
		away.logIn("", ada.Email, password).says("done globex pwd ada@example.com")
		session, err := h.db.SessionsOf(t.Context(), ada.ID)
		if err != nil || len(session) != 2 {
			t.Fatalf("%d sessions, %v", len(session), err)
		}
		grant := identity.NewGrant(identity.AuthorizationRequest{ClientID: "cms"}, session[0], session[0].Entries[0],
			identity.Decide(h.clock(), must(h.db.Person(t.Context(), ada.ID, h.clock())), session[0].Evidence(), identity.Wants{}), h.clock())
		invitation, invited := identity.NewLink(identity.LinkInvitation, ada, h.clock())
		alarm, notMe := identity.NewLink(identity.LinkNotMe, ada, h.clock())
		h.write(func(tx *storage.Tx) error {
			return errors.Join(tx.AddGrant(t.Context(), grant), tx.AddLink(t.Context(), invitation), tx.AddLink(t.Context(), alarm))
		})
		home.send(home.get("/reset/"+h.forget(ada.Email)), "password", newPassword).shows(200, "Your new password has been set")
		home.get("/authorize").shows(200, "Login")
		away.get("/authorize").shows(200, "Login")
		if g, err := h.db.Grant(t.Context(), grant.ID); err != nil || g.RevokedAt.IsZero() {
			t.Errorf("the grant lives on: %v", err)
		}
		if known, err := h.db.KnowsBrowser(t.Context(), identity.DigestOf(home.cookie("vestibule-browser")), ada.ID); err != nil || known {
			t.Errorf("the browser is still known: %v", err)
		}
		now := must(h.db.User(t.Context(), ada.ID))
		if l := must(h.db.Link(t.Context(), identity.DigestOf(invited))); l.State(now, h.clock()) != identity.LinkSuperseded {
			t.Error("the invitation is still good")
		}
		if l := must(h.db.Link(t.Context(), identity.DigestOf(notMe))); l.State(now, h.clock()) != identity.LinkOpen {
			t.Error("the alarm is disarmed")
		}
		if !now.EmailVerified || now.Epoch != ada.Epoch+1 {
			t.Errorf("%+v", now)
		}
	})
}

func TestR32_UntilTheNewAppIsSetUpOnlyAccountsThatDoNotAskAreOpen(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme, globex := h.account("acme", identity.TwoFactorAll), h.account("globex", identity.TwoFactorOff)
		ada := h.person("ada@example.com", acme, globex)
		app := h.app(ada)
		b := h.browser()
		b.send(b.get("/reset/"+h.forget(ada.Email)), "password", newPassword, "code", h.code(app.Secret)).shows(200, "Your new password has been set")
		h.wait(30 * time.Second)
		other := h.browser()
		page := other.logIn("account=acme", ada.Email, newPassword).asksCode(200)
		other.send(page, "code", h.code(app.Secret)).asksCode(422)
		other.get("/authorize?account=globex").says("done globex pwd ada@example.com")
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
