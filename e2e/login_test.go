package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/demo"
	"github.com/vestibule-id/vestibule/e2e/browser"
	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

func TestS4_TheLoginPageIsTheSameForAllAccounts(t *testing.T) {
	h := open(t)
	tab := h.Tab()
	tab.Open(h.cms)
	see(t, tab, "cms-front")
	pages := map[string]string{}
	for _, account := range []string{"Acme Media", "Globex Events"} {
		enter(tab, h.cms, account)
		expect(t, tab, "Login", "to continue to Rich Media CMS", "Remember me")
		for _, element := range []string{"label=Email", "label=Password", "label=Remember me", "text=Forgot Password?", "text=Login"} {
			if tab.Count(element) != 1 {
				t.Errorf("the login page for %s has %d times %s", account, tab.Count(element), element)
			}
		}
		if tab.Says("Code") || tab.Says(account) {
			t.Errorf("before the password the page tells what %s asks for:\n%s", account, tab.PageText())
		}
		pages[tab.PageText()] = account
	}
	if len(pages) != 1 {
		t.Errorf("the login pages read differently: %q", pages)
	}
	see(t, tab, "login")

	tab.Fill("label=Email", cleo.Email)
	tab.Fill("label=Password", "not the password")
	tab.Follow("text=Login")
	expect(t, tab, "Login", "Email or password is not right. Please try again.")
	if tab.Value("label=Email") != cleo.Email || tab.Value("label=Password") != "" || tab.Status() != 422 {
		t.Errorf("the page came back as %d with %q and %q", tab.Status(), tab.Value("label=Email"), tab.Value("label=Password"))
	}
	see(t, tab, "login-refused")
}

func TestS4_TheSamePageExpandsWithTheAuthenticatorCode(t *testing.T) {
	h := open(t)
	app, tab := h.phoneOf(t, ada), h.Tab()
	enter(tab, h.cms, "Acme Media")
	logIn(tab, ada)
	expect(t, tab, "Login", "to continue to Rich Media CMS", "Acme Media asks for the code from your authenticator app.")
	if tab.Value("label=Email") != ada.Email || tab.Exists("label=Password") || !tab.Exists("text=Login") {
		t.Errorf("it is not the login page, expanded:\n%s", tab.PageText())
	}
	if got := tab.Attribute(":focus", "id"); got != "code" {
		t.Errorf("the cursor is in %q", got)
	}
	see(t, tab, "login-code")

	enterCode(tab, codeField, app.wrong())
	expect(t, tab, "Login", "This code is not right. Please wait for the next code in the app and enter that one.")
	see(t, tab, "login-code-refused")
	enterCode(tab, codeField, app.code())
	expectLogin(t, tab, h.cms, ada, "Acme Media", passwordAndCode)
	see(t, tab, "cms")
}

func TestS4_TheLoginWorksWithoutJavaScript(t *testing.T) {
	h := open(t)
	app, tab := h.phoneOf(t, ada), h.Tab(browser.NoScript)
	tab.Open(h.cms)
	tab.Follow("text=Log in")
	logIn(tab, ada)
	expect(t, tab, "Choose an account")
	tab.Follow(`[value="acme"]`)
	tab.Fill(codeField, app.code())
	tab.Follow("text=Login")
	expectLogin(t, tab, h.cms, ada, "Acme Media", passwordAndCode)
	tab.Follow("text=Log out")
	expect(t, tab, "Every film in its place.", "You are logged out.")
}

// TestS4_TheKeyboardAloneIsEnough never touches the mouse, and never leaves the keys of the person who
// follows the focus.
func TestS4_TheKeyboardAloneIsEnough(t *testing.T) {
	h := open(t)
	app, tab := h.phoneOf(t, ada), h.Tab()
	tab.Open(h.cms)
	walkTo(t, tab, "Log in")
	tab.PressToLeave("Enter")
	tab.Wait("#email:focus") // the cursor is there, though not before the page was drawn
	tab.Press(ada.Email)
	tab.Press("Tab")
	tab.Press(ada.Password)
	tab.PressToLeave("Enter")
	expect(t, tab, "Choose an account")
	walkTo(t, tab, "Acme Media acme · Owner Asks for a code")
	tab.PressToLeave("Enter")
	tab.Wait("#code:focus")
	tab.PressToLeave(app.code())
	expectLogin(t, tab, h.cms, ada, "Acme Media", passwordAndCode)
	walkTo(t, tab, "Log out")
	tab.PressToLeave("Enter")
	expect(t, tab, "Every film in its place.", "You are logged out.")
}

// walkTo presses Tab until the focus is on what reads so.
func walkTo(t *testing.T, tab *browser.Tab, reads string) {
	t.Helper()
	var met []string
	for range 30 {
		if tab.Exists(":focus") {
			here := tab.Text(":focus")
			if met = append(met, here); here == reads {
				return
			}
		}
		tab.Press("Tab")
	}
	t.Fatalf("the focus never came to %q but to %q", reads, met)
}

func TestS4_TheLoginFitsASmallPhoneInTheDark(t *testing.T) {
	h := open(t)
	app, tab := h.phoneOf(t, ada), h.Tab(browser.Narrow, browser.Dark)
	fits := func() {
		t.Helper()
		if over := tab.Overflow(); over > 0 {
			t.Errorf("%s is %d points too wide", tab.URL(), over)
		}
	}
	tab.Open(h.events)
	fits()
	tab.Follow("text=Log in")
	fits()
	logIn(tab, ada)
	fits()
	tab.Follow(`[value="acme"]`)
	fits()
	enterCode(tab, codeField, app.code())
	fits()
	expectLogin(t, tab, h.events, ada, "Acme Media", passwordAndCode)
}

// TestS4_RememberMeOutlivesTwoDaysButNeverSkipsTheCode looks at an account with and one without a code.
func TestS4_RememberMeOutlivesTwoDaysButNeverSkipsTheCode(t *testing.T) {
	h := open(t)
	app, remembered, forgotten := h.phoneOf(t, ada), h.Tab(), h.Fresh().Tab()
	enter(remembered, h.cms, "Globex Events")
	remembered.Click("label=Remember me")
	logIn(remembered, ada)
	expectLogin(t, remembered, h.cms, ada, "Globex Events", password)
	enter(forgotten, h.cms, "Globex Events")
	logIn(forgotten, cleo)
	expectLogin(t, forgotten, h.cms, cleo, "Globex Events", password)

	h.Clock.Advance(48 * time.Hour)
	enter(forgotten, h.events, "Globex Events")
	remembered.Open(h.events)
	remembered.Follow("text=Globex Events")
	expectLogin(t, remembered, h.events, ada, "Globex Events", password)
	remembered.Follow("text=Acme Media")
	logIn(remembered, ada)
	enterCode(remembered, codeField, app.code())
	expectLogin(t, remembered, h.events, ada, "Acme Media", passwordAndCode)
}

func TestS5_TheCodeIsAskedForAtEveryLoginSession(t *testing.T) {
	h := open(t)
	app := h.phoneOf(t, ada)
	code := app.code()
	for _, tab := range []*browser.Tab{h.Tab(), h.Fresh().Tab()} { // at work and at home
		enter(tab, h.cms, "Acme Media")
		logIn(tab, ada)
		enterCode(tab, codeField, code)
		expectLogin(t, tab, h.cms, ada, "Acme Media", passwordAndCode)

		tab.Follow("text=Log out")
		enter(tab, h.cms, "Acme Media")
		logIn(tab, ada)
		expect(t, tab, "Login")
		enterCode(tab, codeField, code)
		expect(t, tab, "Login", "This code is not right.") // each works once
		code = app.next()
		enterCode(tab, codeField, code)
		expectLogin(t, tab, h.cms, ada, "Acme Media", passwordAndCode)
		code = app.next()
	}
}

func TestS5_AnotherProductInTheSameSessionDoesNotAskAgain(t *testing.T) {
	h := open(t)
	tab := h.Tab()
	enter(tab, h.cms, "Acme Media")
	logIn(tab, ada)
	enterCode(tab, codeField, h.phoneOf(t, ada).code())
	expectLogin(t, tab, h.cms, ada, "Acme Media", passwordAndCode)
	tab.Follow("a.other")
	expect(t, tab, "Good evenings start here.")
	see(t, tab, "events-front")
	tab.Follow("text=Acme Media")
	expectLogin(t, tab, h.events, ada, "Acme Media", passwordAndCode)
	see(t, tab, "events")
}

func TestS9_ProductsReadFromTheTokensWhoIsThereAndHow(t *testing.T) {
	h := open(t)
	for _, tt := range []struct {
		person                 demo.Person
		account, roles, proven string
	}{
		{cleo, "Globex Events", "owner", password},
		{ada, "Globex Events", "member", password},
		{ada, "Acme Media", "owner", passwordAndCode},
	} {
		tab := h.Fresh().Tab()
		enter(tab, h.events, tt.account)
		logIn(tab, tt.person)
		if tt.proven == passwordAndCode {
			enterCode(tab, codeField, h.phoneOf(t, tt.person).code())
		}
		expectLogin(t, tab, h.events, tt.person, tt.account, tt.proven)
		if got := tab.Text("#roles"); got != tt.roles {
			t.Errorf("%s is %q in %s", tt.person.Email, got, tt.account)
		}
		before := tab.Text("#auth-time") + tab.Text("#sid")
		h.Clock.Advance(time.Minute)
		tab.Follow("text=Refresh tokens")
		expectLogin(t, tab, h.events, tt.person, tt.account, tt.proven)
		if after := tab.Text("#auth-time") + tab.Text("#sid"); after != before || tab.Text("#refreshed") == "not yet" {
			t.Errorf("the refresh turned %q into %q", before, after)
		}
		tab.Follow("text=Ask userinfo")
		if got := tab.Text("#userinfo-status"); got != "200 OK" {
			t.Errorf("userinfo answers %q", got)
		}
	}
}

// TestS9_TurningTwoFactorOnEndsAPasswordLoginAtOnceAndNoOther is the story of an operator and a member who
// is at work meanwhile: in the CMS for one account, on the event platform for another.
func TestS9_TurningTwoFactorOnEndsAPasswordLoginAtOnceAndNoOther(t *testing.T) {
	for _, engine := range vestibuletest.Engines() {
		t.Run(engine, func(t *testing.T) {
			h := openOn(t, engine)
			h.require(t, "acme", identity.TwoFactorOff)
			cms := h.Tab()
			enter(cms, h.cms, "Acme Media")
			logIn(cms, ben)
			expectLogin(t, cms, h.cms, ben, "Acme Media", password)
			events := h.Tab()
			events.Open(h.events)
			events.Follow("text=Globex Events")
			expectLogin(t, events, h.events, ben, "Globex Events", password)

			h.require(t, "acme", identity.TwoFactorAll)
			expectEnded(t, cms, "Every film in its place.")
			if engine == "sqlite" {
				see(t, cms, "cms-ended")
			}
			events.Follow("text=Refresh tokens")
			events.Follow("text=Ask userinfo")
			expectLogin(t, events, h.events, ben, "Globex Events", password)
			if refreshed := events.Text("#refreshed"); refreshed == "not yet" {
				t.Error("the other account was not refreshed")
			}
			cms.Follow("text=Acme Media")
			expect(t, cms, "Acme Media asks for a code")
		})
	}
}

func TestS9_LoggingOutOfOneProductEndsTheSession(t *testing.T) {
	h := open(t)
	tab := h.Tab()
	enter(tab, h.events, "Acme Media")
	logIn(tab, ada)
	enterCode(tab, codeField, h.phoneOf(t, ada).code())
	tab.Open(h.cms)
	tab.Follow("text=Acme Media")
	expectLogin(t, tab, h.cms, ada, "Acme Media", passwordAndCode)

	tab.Follow("text=Log out")
	expect(t, tab, "Every film in its place.", "You are logged out.")
	tab.Open(h.events)
	expectEnded(t, tab, "Good evenings start here.")
	tab.Follow("text=Log in")
	expect(t, tab, "Login", "to continue to Event Platform")
	if got := tab.Value("label=Email"); strings.Contains(got, "@") {
		t.Errorf("the login page still knows %s", got)
	}
}

// TestS9_LoggingOutEverywhereIsAsked: where no product has asked for it, the login page itself does.
func TestS9_LoggingOutEverywhereIsAsked(t *testing.T) {
	h := open(t)
	tab := h.Tab()
	enter(tab, h.cms, "Globex Events")
	logIn(tab, cleo)
	tab.Open(h.URL)
	expect(t, tab, "You are logged in", "Cleo Lindt", "Rich Media CMS", "Event Platform")
	tab.Open(h.URL + "/logout")
	expect(t, tab, "Log out?", "You will be logged out of all products in this browser.", cleo.Email)
	see(t, tab, "logout")
	tab.Follow("text=Stay logged in")
	expect(t, tab, "You are logged in")
	tab.Back()
	tab.Follow("text=Log out everywhere")
	expect(t, tab, "You are logged out")
	see(t, tab, "logged-out")
	enter(tab, h.events, "Globex Events")
}

// TestPagesAtOddsSayWhatToDo: a tab that was left open, an address that leads nowhere, a product's answer
// that comes twice.
func TestPagesAtOddsSayWhatToDo(t *testing.T) {
	h := open(t)
	tab := h.Tab()
	enter(tab, h.cms, "Globex Events")
	h.Clock.Advance(11 * time.Minute)
	tab.Fill("label=Email", cleo.Email)
	tab.Fill("label=Password", cleo.Password)
	tab.Follow("text=Login")
	expect(t, tab, "This login has expired", "Go back to the product; if you are not logged in there, try again.")
	see(t, tab, "login-expired")

	tab.Open(h.URL + "/nowhere")
	expect(t, tab, "There is nothing here")
	if tab.Status() != 404 {
		t.Errorf("status %d", tab.Status())
	}
	see(t, tab, "not-found")

	tab.Open(h.URL + "/authorize?client_id=nobody&redirect_uri=https://example.com/")
	expect(t, tab, "We do not understand this request")
	if strings.Contains(tab.HTML(), "example.com") {
		t.Error("the page leads to an address that nobody has registered")
	}
	see(t, tab, "bad-request")
	tab.Open(h.cms + "/callback?code=abc&state=abc")
	expect(t, tab, "Every film in its place.", "This login was not started in this browser")
}
