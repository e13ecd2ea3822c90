package login_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

// settle logs a person in who is on the way to a page of Settings, with the code if there is one to give.
func (b *browser) settle(h *house, path, email string, app ...identity.Authenticator) screen {
	b.t.Helper()
	page := b.send(b.get(path).shows(200, "Login"), "email", email, "password", password)
	for _, a := range app {
		page = b.send(page.shows(200, "Confirm that it is you"), "code", h.code(a.Secret))
	}
	return page
}

func TestSettingsAskForALoginAndLeadOnToThePageThatWasAskedFor(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
		b := h.browser()
		page := b.get("/settings").shows(200, "Login")
		page = b.send(page, "email", "ada@example.com", "password", "not the password").shows(422, "Login")
		page = b.send(page, "email", "ada@example.com", "password", password).shows(200, "User Information")
		if page.url.Path != "/settings" {
			t.Errorf("the login led to %s", page.url)
		}
	})
}

func TestWhereALoginLeadsOnToIsAlwaysAPageOfSettings(t *testing.T) {
	h := onEither(t)
	h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
	b := h.browser()
	b.settle(h, "/settings", "ada@example.com").shows(200, "User Information")
	b.http.CheckRedirect = noRedirects
	for _, hostile := range []string{
		"https://evil.example", "//evil.example", "/\\evil.example", "/settings/../logout", "/settings//evil.example", "/settingsx",
		"/settings?x=//evil.example", "/settings/%2e%2e/logout", "/settings/confirm", "/logout", "javascript:alert(1)", "/settings\r\nX: y", " /settings",
	} {
		for _, at := range []string{"/login?next=", "/settings/confirm?next="} {
			page := b.get(at + strings.NewReplacer("\\", "%5C", "%", "%25", "\r\n", "%0d%0a", " ", "%20", "?", "%3F", "=", "%3D").Replace(hostile))
			if to := page.header.Get("Location"); to != "" && to != "/settings" {
				t.Errorf("%s%q leads to %q", at, hostile, to)
			}
		}
	}
	if to := b.get("/login?next=/settings/sessions").header.Get("Location"); to != "/settings/sessions" {
		t.Errorf("a page of ours is not led to but %q", to)
	}
}

func TestWhoHasAnAppShowsItBeforeSettingsOpen(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, app := h.enrolled()
		b := h.browser()
		page := b.send(b.get("/settings"), "email", "ada@example.com", "password", password).shows(200, "Confirm that it is you")
		if !strings.Contains(page.body, `name="code"`) || strings.Contains(page.body, `name="password"`) {
			t.Fatalf("the page asks for something else: %s", text(page.tree))
		}
		b.get("/settings").shows(200, "Confirm that it is you")
		page = b.send(page, "code", h.wrongCode(app.Secret)).shows(422, "Confirm that it is you").refuses("This code is not right")
		before := b.cookie("vestibule-session")
		b.send(page, "code", h.code(app.Secret)).shows(200, "User Information")
		thief := h.browser()
		thief.plant("vestibule-session", before)
		thief.get("/settings").shows(200, "Login")
	})
}

func TestR34_AFreshProofGivesTheSessionANewName(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, app := h.enrolled()
		b := h.browser()
		b.settle(h, "/settings", "ada@example.com", app).shows(200, "User Information")
		h.wait(6 * time.Minute)
		first := b.cookie("vestibule-session")
		page := b.send(b.get("/settings/confirm").shows(200, "Confirm that it is you"), "password", password).shows(200, "Confirm that it is you")
		second := b.cookie("vestibule-session")
		b.send(page, "code", h.code(app.Secret)).shows(200, "User Information")
		third := b.cookie("vestibule-session")
		if first == second || second == third {
			t.Error("the cookie stayed the same")
		}
		for _, old := range []string{first, second} {
			thief := h.browser()
			thief.plant("vestibule-session", old)
			thief.get("/settings").shows(200, "Login")
		}
		if h.events(identity.EventProvenAgain) != 3 {
			t.Errorf("%d proofs are on record", h.events(identity.EventProvenAgain))
		}
	})
}

func TestAFreshProofLetsNobodyIntoAnAccountThatAsksForItsOwnCode(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, app := h.enrolled()
		b := h.browser()
		b.settle(h, "/settings", "ada@example.com", app).shows(200, "User Information")
		b.get("/authorize").asksCode(200)
	})
}

func TestR12_PasswordsAndCodesOfFreshProofsAreCounted(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, app := h.enrolled()
		b := h.browser()
		b.settle(h, "/settings", "ada@example.com", app).shows(200, "User Information")
		h.wait(6 * time.Minute)
		page := b.get("/settings/confirm")
		for range 5 {
			b.send(page, "password", "not the password").shows(422, "Confirm that it is you").refuses("The password is not right")
		}
		b.send(page, "password", password).shows(http.StatusTooManyRequests, "Confirm that it is you")
		h.wait(2 * time.Second)
		page = b.send(page, "password", password).shows(200, "Confirm that it is you")
		for range 10 {
			b.send(page, "code", h.wrongCode(app.Secret)).shows(422, "Confirm that it is you")
		}
		b.send(page, "code", h.code(app.Secret)).shows(http.StatusTooManyRequests, "Confirm that it is you")
	})
}

func TestAnswersToWhatWasNotAskedAreNotJudged(t *testing.T) {
	h := onEither(t)
	_, app := h.enrolled()
	b := h.browser()
	page := b.send(b.get("/settings"), "email", "ada@example.com", "password", password).shows(200, "Confirm that it is you")
	b.post(page.url.String(), map[string][]string{"password": {"not the password"}}).shows(200, "Confirm that it is you")
	b.post("/settings/confirm", nil).shows(200, "Confirm that it is you")
	h.browser().post("/settings/confirm", map[string][]string{"password": {password}, "code": {h.code(app.Secret)}}).shows(200, "Login")
	if h.events(identity.EventSignInRefused) != 0 || h.events(identity.EventProvenAgain) != 0 {
		t.Error("something was judged")
	}
}
