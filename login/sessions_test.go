package login_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/login"
)

func callerOf(identity.User) login.Caller {
	return login.Caller{Origin: identity.Origin{Address: "192.0.2.1"}}
}

func TestR37_APersonSeesWhereTheyAreLoggedIn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, app := h.enrolled()
		h.moveTo("198.51.100.7")
		phone := h.browser()
		phone.agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1"
		phone.send(phone.logIn("", "ada@example.com", password), "code", h.code(app.Secret)).says("done acme pwd+otp+mfa ada@example.com")
		h.wait(time.Minute)
		h.moveTo("192.0.2.1")
		b := h.browser()
		page := b.settle(h, "/settings/sessions", "ada@example.com", app).shows(200, "User Information")
		items := page.items()
		if len(items) != 2 {
			t.Fatalf("%d sessions: %s", len(items), text(page.tree))
		}
		for _, want := range []string{"This browser", "from 192.0.2.1", "since 1 March 2026, 12:01 UTC", "Password, Authenticator app"} {
			if !strings.Contains(items[0], want) {
				t.Errorf("the own session does not say %q: %s", want, items[0])
			}
		}
		for _, want := range []string{"Safari on iPhone", "198.51.100.7", "Acme Media", "Password, Authenticator app", "Log out there"} {
			if !strings.Contains(items[1], want) {
				t.Errorf("the other session does not say %q: %s", want, items[1])
			}
		}
		if strings.Contains(items[0], "Log out there") {
			t.Error("this browser would end itself")
		}
	})
}

// items are the rows of a list in Settings.
func (s screen) items() (rows []string) {
	for _, n := range s.all("li") {
		if attribute(n, "class") == "item" {
			rows = append(rows, text(n))
		}
	}
	return rows
}

func TestR37_APersonEndsOneSessionOrAllOthers(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
		var others []*browser
		for range 3 {
			other := h.browser()
			other.logIn("", "ada@example.com", password).says("done acme pwd ada@example.com")
			others = append(others, other)
			h.wait(time.Minute)
		}
		b := h.browser()
		page := b.settle(h, "/settings/sessions", "ada@example.com").shows(200, "User Information")
		newest, err := h.db.Session(t.Context(), identity.DigestOf(others[2].cookie("vestibule-session")))
		if err != nil {
			t.Fatal(err)
		}
		page = b.send(page, "session", string(newest.ID)).shows(200, "User Information")
		others[2].get("/settings").shows(200, "Login")
		others[0].get("/settings").shows(200, "User Information")
		if n := len(page.items()); n != 3 {
			t.Errorf("%d sessions are left on the page", n)
		}
		page = b.press(page, "Log out everywhere else").shows(200, "User Information")
		if !strings.Contains(text(page.tree), "You are logged in nowhere else.") {
			t.Errorf("%s", text(page.tree))
		}
		for _, other := range others {
			other.get("/settings").shows(200, "Login")
		}
		b.get("/settings/sessions").shows(200, "User Information")
		open, err := h.db.SessionsOf(t.Context(), ada.ID)
		if err != nil || len(open) != 1 {
			t.Errorf("%d sessions are open, %v", len(open), err)
		}
	})
}

func TestR37_NobodyEndsTheSessionsOfOthers(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorOff)
		h.person("ada@example.com", acme)
		h.person("eve@example.com", acme)
		ada := h.browser()
		ada.logIn("", "ada@example.com", password).says("done acme pwd ada@example.com")
		session, err := h.db.Session(t.Context(), identity.DigestOf(ada.cookie("vestibule-session")))
		if err != nil {
			t.Fatal(err)
		}
		eve := h.browser()
		eve.settle(h, "/settings/sessions", "eve@example.com").shows(200, "User Information")
		foreign := eve.post("/settings/sessions/end", map[string][]string{"session": {string(session.ID)}})
		unknown := eve.post("/settings/sessions/end", map[string][]string{"session": {identity.NewID()}})
		if foreign.status != 404 || unknown.status != 404 || foreign.body != unknown.body {
			t.Errorf("a session of others answers %d, one of nobody %d", foreign.status, unknown.status)
		}
		eve.post("/settings/sessions/end-others", nil).shows(200, "User Information")
		ada.get("/settings").shows(200, "User Information")
	})
}

func TestR36_SessionsThatHaveRunOutAreNotListed(t *testing.T) {
	h := onEither(t)
	_, app := h.enrolled()
	phone := h.browser()
	phone.settle(h, "/settings", "ada@example.com", app).shows(200, "User Information")
	h.wait(61 * time.Minute)
	phone.get("/settings").shows(200, "Login")
	phone.get("/settings/confirm").shows(200, "Login")
	b := h.browser()
	page := b.settle(h, "/settings/sessions", "ada@example.com", app).shows(200, "User Information")
	if n := len(page.items()); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

func TestWhatABrowserSaysOfItselfIsToldInWords(t *testing.T) {
	h := onEither(t)
	h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                           "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0":        "Edge on Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36":            "Chrome on macOS",
		"Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537": "Samsung Internet on Android",
		"curl/8.15.0":               "curl",
		"<script>alert(1)</script>": "Unknown browser",
	} {
		b := h.browser()
		b.agent = agent
		page := b.settle(h, "/settings/sessions", "ada@example.com")
		if items := page.items(); !strings.HasPrefix(items[0], want+" This browser") {
			t.Errorf("%q is told as %q", agent, items[0])
		}
	}
}

// TestWhoIsNotSignedInAnyMoreChangesNothingOfTheirOwn calls the acts themselves: the page in front of them has judged a moment earlier.
func TestWhoIsNotSignedInAnyMoreChangesNothingOfTheirOwn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, app := h.enrolled()
		b, ctx := h.browser(), t.Context()
		b.settle(h, "/settings", "ada@example.com", app).shows(200, "User Information")
		c := login.Caller{Browser: b.cookie("vestibule-browser"), Session: b.cookie("vestibule-session")}
		acts := map[string]func() error{
			"SaveProfile":         func() error { return h.door.SaveProfile(ctx, c, identity.Profile{Name: "Eve"}) },
			"EndOtherSessions":    func() error { return h.door.EndOtherSessions(ctx, c) },
			"WithdrawEmailChange": func() error { return h.door.WithdrawEmailChange(ctx, c) },
			"CancelAuthenticator": func() error { return h.door.CancelAuthenticator(ctx, c) },
		}
		for name, act := range acts {
			if err := act(); err != nil {
				t.Fatalf("%s of who is signed in: %v", name, err)
			}
		}
		h.wait(31 * 24 * time.Hour)
		for name, act := range acts {
			if err := act(); err == nil {
				t.Errorf("%s was done for somebody whose session is over", name)
			}
		}
	})
}
