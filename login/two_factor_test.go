package login_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/login"
	"github.com/vestibule-id/vestibule/storage"
)

var keyOnPage = regexp.MustCompile(`data-copy="([A-Z2-7]{32})"`)

// secret reads the key off the pop-up.
func (s screen) keyShown() []byte {
	s.t.Helper()
	found := keyOnPage.FindStringSubmatch(s.body)
	if found == nil {
		s.t.Fatalf("%s shows no key: %s", s.url, text(s.tree))
	}
	secret, err := identity.ParseTOTPKeyText(found[1])
	if err != nil {
		s.t.Fatal(err)
	}
	return secret
}

var recoveryCodeOnPage = regexp.MustCompile(`data-copy="([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})"`)

func (s screen) recoveryCodes() (codes []string) {
	for _, found := range recoveryCodeOnPage.FindAllStringSubmatch(s.body, -1) {
		codes = append(codes, found[1])
	}
	return codes
}

// at home is a person without a second factor who looks at Settings.
func (h *house) atHome(accounts ...identity.Account) (identity.User, *browser) {
	h.t.Helper()
	if len(accounts) == 0 {
		accounts = []identity.Account{h.account("acme", identity.TwoFactorOff)}
	}
	ada := h.person("ada@example.com", accounts...)
	b := h.browser()
	b.settle(h, "/settings", "ada@example.com").shows(200, "User Information")
	return ada, b
}

// notices counts the letters that wait with a subject.
func (h *house) notices() map[string]int {
	h.t.Helper()
	subjects := map[string]int{}
	for _, l := range h.letters() {
		subjects[l.Subject]++
		if !strings.Contains(l.Text, "/not-me/") {
			h.t.Errorf("%q offers no way to say that it was not me", l.Subject)
		}
	}
	return subjects
}

// onlyOneOpen wants every session of a person but one to have ended, and not just to count for nothing.
func (h *house) onlyOneOpen(u identity.User) {
	h.t.Helper()
	if open, err := h.db.SessionsOf(h.t.Context(), u.ID); err != nil || len(open) != 1 {
		h.t.Errorf("%d sessions are open, %v", len(open), err)
	}
}

func TestAPersonEnablesTwoFactorAuthenticationInSettings(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, b := h.atHome()
		page := b.press(b.get("/settings"), "Enable").shows(200, "User Information")
		for _, want := range []string{"Set up through a third-party authenticator", "Code", "Enter verification code", "Cancel", "Finish"} {
			if !strings.Contains(text(page.tree), want) {
				t.Errorf("the pop-up does not say %q", want)
			}
		}
		page.picture()
		secret := page.keyShown()
		if again := b.get("/settings/authenticator").keyShown(); string(again) != string(secret) {
			t.Error("a reload makes another secret")
		}
		h.browser().logIn("", "ada@example.com", password).says("done acme pwd ada@example.com") // nothing is on before a code was right
		page = b.send(page, "code", h.wrongCode(secret)).shows(422, "User Information").refuses("This code is not right")
		before := b.cookie("vestibule-session")
		page = b.send(page, "code", h.code(secret)).shows(200, "User Information")
		if !strings.Contains(text(page.tree), "Congratulations! You have enabled two-factor authentication!") || len(page.recoveryCodes()) != 10 {
			t.Errorf("%s", text(page.tree))
		}
		if b.cookie("vestibule-session") == before {
			t.Error("the session kept its name")
		}
		for subject, n := range h.notices() {
			if n != 1 || subject != "An authenticator app was set up" && subject != "Two-factor authentication is on" {
				t.Errorf("%q came %d times", subject, n)
			}
		}
		if !h.stored(ada.ID).SecondFactor {
			t.Error("logins do not ask for the code")
		}
		if page = b.get("/settings").shows(200, "User Information"); !strings.Contains(text(page.tree), "Codes left: 10") || strings.Contains(page.body, string(identity.TOTPKeyText(secret))) {
			t.Errorf("%s", text(page.tree))
		}
		h.wait(time.Minute)
		other := h.browser()
		other.send(other.logIn("", "ada@example.com", password).asksCode(200), "code", h.code(secret)).says("done acme pwd+otp+mfa ada@example.com")
	})
}

func TestR25_AnAppThatWasNotConfirmedInSettingsIsNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, b := h.atHome()
		page := b.press(b.get("/settings"), "Enable")
		page = b.press(page, "Cancel").shows(200, "User Information")
		if strings.Contains(page.body, "dialog") || h.stored(ada.ID).SecondFactor {
			t.Error("Cancel did something")
		}
		page = b.get("/settings/authenticator").shows(200, "User Information")
		if keyOnPage.MatchString(page.body) || !strings.Contains(text(page.tree), "Show the QR code") {
			t.Errorf("the address of the pop-up shows a secret after Cancel: %s", text(page.tree))
		}
		first := b.press(page, "Show the QR code").keyShown()
		second := b.press(b.get("/settings"), "Enable")
		if string(first) == string(second.keyShown()) {
			t.Error("the second time shows the same secret")
		}
		b.send(second, "code", h.code(first)).shows(422, "User Information")
		h.browser().logIn("", "ada@example.com", password).says("done acme pwd ada@example.com")
	})
}

// TestR25_AnAppShownInSettingsIsConfirmedThereAlone: an account that asks for a code does not take one from it, though the QR code was seen.
func TestR25_AnAppShownInSettingsIsConfirmedThereAlone(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, thief := h.atHome()
		secret := thief.press(thief.get("/settings"), "Enable").keyShown()
		h.joins(ada, h.account("globex", identity.TwoFactorAll))
		other := h.browser()
		page := other.logIn("account=globex", ada.Email, password).shows(200, "Check your mail")
		other.post(page.url.String(), url.Values{"code": {h.code(secret)}})
		if p := must(h.db.Person(t.Context(), ada.ID, h.clock())); p.Confirmed || p.Pending {
			t.Errorf("a password was enough to set up what an account asks for: %+v", p)
		}
	})
}

func TestR10_TheSecretIsForTheBrowserThatAskedForIt(t *testing.T) {
	h := onEither(t)
	_, b := h.atHome()
	b.press(b.get("/settings"), "Enable").picture()
	other := h.browser()
	other.settle(h, "/settings", "ada@example.com").shows(200, "User Information")
	if page := other.get("/settings/authenticator"); keyOnPage.MatchString(page.body) {
		t.Error("another browser sees the secret")
	}
	h.wait(6 * time.Minute)
	b.get("/settings/authenticator").shows(200, "Confirm that it is you")
}

func TestR24_APasswordAloneShowsNoQRCodeWhereAnAccountAsksForACode(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorAll)
		_, b := h.atHome(acme)
		page := b.get("/settings").shows(200, "User Information")
		if strings.Contains(page.body, `action="/settings/authenticator"`) {
			t.Error("Settings offer a QR code on a password alone")
		}
		for _, path := range []string{"/settings/authenticator", "/settings/authenticator/code"} {
			page := b.post(path, url.Values{"code": {"123456"}})
			if keyOnPage.MatchString(page.body) || strings.Contains(page.body, "otpauth") {
				t.Fatalf("%s shows a secret on a password alone", path)
			}
		}
		b.press(page, "Send the link").shows(200, "User Information")
		link := h.link()
		b.press(b.get("/settings"), "Send the link again").shows(429, "User Information")
		reader := h.browser()
		reader.send(reader.get("/enroll/"+link), "password", password).picture()
	})
}

func TestR24_AnAppThatWrongCodesHaveSwitchedOffIsNotReplacedOnAPassword(t *testing.T) {
	h := onEither(t)
	ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
	h.app(ada)
	h.write(func(tx *storage.Tx) error { return tx.ExhaustAuthenticators(t.Context(), ada.ID, h.clock()) })
	b := h.browser()
	page := b.settle(h, "/settings", "ada@example.com").shows(200, "User Information")
	if !strings.Contains(page.body, `href="/forgot?email=ada%40example.com"`) {
		t.Errorf("there is no way on: %s", text(page.tree))
	}
	if page = b.post("/settings/authenticator", nil); keyOnPage.MatchString(page.body) {
		t.Error("whoever guesses a hundred codes gets a secret")
	}
}

func TestTheOldAppIsGoodUntilTheNewOneIsConfirmed(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, old := h.enrolled()
		other := h.browser()
		other.send(other.logIn("", "ada@example.com", password), "code", h.code(old.Secret)).says("done acme pwd+otp+mfa ada@example.com")
		h.wait(time.Minute)
		b := h.browser()
		page := b.settle(h, "/settings", "ada@example.com", old).shows(200, "User Information")
		page = b.press(page, "Set up another app").shows(200, "User Information")
		secret := page.keyShown()
		if !strings.Contains(text(page.tree), "The app you have now works until you press Finish.") {
			t.Error("the page does not say what becomes of the app there is")
		}
		h.wait(time.Minute)
		third := h.browser()
		third.send(third.logIn("", "ada@example.com", password), "code", h.code(secret)).asksCode(422)
		third.send(third.get("/authorize"), "code", h.code(old.Secret)).says("done acme pwd+otp+mfa ada@example.com")
		h.letters()

		page = b.send(page, "code", h.code(secret)).shows(200, "User Information")
		if len(page.recoveryCodes()) != 10 || h.notices()["An authenticator app was set up"] != 1 {
			t.Error("no codes, or no notice")
		}
		b.get("/settings").shows(200, "User Information")
		if replaced, err := h.db.Authenticator(t.Context(), old.ID); err != nil || replaced.Confirmed() {
			t.Error("the old app is kept", err)
		}
		h.onlyOneOpen(ada)
		for _, elsewhere := range []*browser{other, third} {
			elsewhere.get("/settings").shows(200, "Login")
		}
		h.wait(time.Minute)
		late := h.browser()
		page = late.logIn("", "ada@example.com", password)
		late.send(page, "code", h.code(old.Secret)).asksCode(422)
		late.send(page, "code", h.code(secret)).says("done acme pwd+otp+mfa ada@example.com")
	})
}

func TestR21_TwoFactorAuthenticationStaysOnWhereAnAccountRequiresIt(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorAll), h.account("globex", identity.TwoFactorAll), h.account("initech", identity.TwoFactorOff))
		app := h.app(ada)
		b := h.browser()
		page := b.settle(h, "/settings/authenticator/remove", "ada@example.com", app)
		page.shows(200, "Turn off two-factor authentication?").refuses("Acme Media Globex Media")
		if strings.Contains(page.alert(), "Initech") {
			t.Error("an account is named that requires nothing")
		}
		b.post("/settings/authenticator/remove", nil).shows(409, "Turn off two-factor authentication?").refuses("Acme Media Globex Media")
		if kept, err := h.db.ConfirmedAuthenticator(t.Context(), ada.ID); err != nil || kept.ID != app.ID {
			t.Error("the app is gone", err)
		}
	})
}

func TestTurningTwoFactorAuthenticationOffEndsEverythingElse(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
		ada.SecondFactor = true
		h.write(func(tx *storage.Tx) error { return tx.SaveUser(t.Context(), ada) })
		app := h.app(ada)
		other := h.browser()
		other.send(other.logIn("", "ada@example.com", password).asksCode(200), "code", h.code(app.Secret)).says("done acme pwd+otp+mfa ada@example.com")
		h.wait(time.Minute)
		b := h.browser()
		b.settle(h, "/settings", "ada@example.com", app).shows(200, "User Information")
		b.post("/settings/recovery-codes", nil)
		h.letters()
		page := b.get("/settings/authenticator/remove").shows(200, "Turn off two-factor authentication?")
		b.press(page, "Turn off").shows(200, "User Information")
		if h.notices()["Your authenticator app was removed"] != 1 || h.events(identity.EventAuthenticatorGone) != 1 {
			t.Error("nobody was told")
		}
		if left, err := h.db.CountRecoveryCodes(t.Context(), ada.ID); left != 0 || err != nil {
			t.Errorf("%d recovery codes are left, %v", left, err)
		}
		h.onlyOneOpen(ada)
		other.get("/settings").shows(200, "Login")
		b.get("/settings").shows(200, "User Information")
		h.browser().logIn("", "ada@example.com", password).says("done acme pwd ada@example.com")
	})
}

func TestAPersonWhoseAccountAsksCanAskAtEveryLogin(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorAll), h.account("globex", identity.TwoFactorOff))
		app := h.app(ada)
		b := h.browser()
		b.settle(h, "/settings", "ada@example.com", app).shows(200, "User Information")
		b.press(b.get("/settings/two-factor/on").shows(200, "Ask at every login"), "Ask at every login").shows(200, "User Information")
		if h.notices()["Two-factor authentication is on"] != 1 {
			t.Error("nobody was told")
		}
		h.wait(time.Minute)
		other := h.browser()
		other.send(other.logIn("account=globex", "ada@example.com", password).asksCode(200), "code", h.code(app.Secret)).says("done globex pwd+otp+mfa ada@example.com")
		b.press(b.get("/settings/two-factor/off").shows(200, "Ask only where required?"), "Ask only where required").shows(200, "User Information")
		if h.stored(ada.ID).SecondFactor || h.notices()["Two-factor authentication is off"] != 1 {
			t.Error("the wish was not taken back, or nobody was told")
		}
	})
}

// TestChangesOfCredentialsAskForFreshProofInTheActItself calls the acts as if their pages had let a stale session through.
func TestChangesOfCredentialsAskForFreshProofInTheActItself(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, app := h.enrolled()
		b := h.browser()
		b.settle(h, "/settings", "ada@example.com", app).shows(200, "User Information")
		b.press(b.get("/settings"), "Set up another app")
		h.wait(5*time.Minute + time.Second)
		c := login.Caller{Browser: b.cookie("vestibule-browser"), Session: b.cookie("vestibule-session")}
		ctx := t.Context()
		for name, act := range map[string]func() error{
			"ChangePassword":      func() error { _, err := h.door.ChangePassword(ctx, c, password, "another good otter lamp"); return err },
			"StartAuthenticator":  func() error { return h.door.StartAuthenticator(ctx, c) },
			"FinishAuthenticator": func() error { _, _, err := h.door.FinishAuthenticator(ctx, c, "123456"); return err },
			"RemoveAuthenticator": func() error { _, err := h.door.RemoveAuthenticator(ctx, c); return err },
			"AskAlways":           func() error { return h.door.AskAlways(ctx, c, true) },
			"AskEmailChange":      func() error { return h.door.AskEmailChange(ctx, c, "eve@evil.example") },
			"Regenerate":          func() error { _, err := h.door.RegenerateRecoveryCodes(ctx, c); return err },
		} {
			if err := act(); err == nil || !strings.Contains(err.Error(), "five minutes") {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, path := range []string{
			"/settings/password", "/settings/authenticator", "/settings/authenticator/remove", "/settings/two-factor/on", "/settings/two-factor/off",
			"/settings/email", "/settings/recovery-codes",
		} {
			b.get(path).shows(200, "Confirm that it is you")
			b.post(path, url.Values{"code": {"123456"}, "password": {password}, "email": {"eve@evil.example"}}).shows(200, "Confirm that it is you")
		}
	})
}
