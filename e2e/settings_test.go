package e2e_test

import (
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/demo"
	"github.com/vestibule-id/vestibule/e2e/browser"
	"github.com/vestibule-id/vestibule/identity"
)

// settle logs a person in who is on the way to a page of Settings.
func settle(t *testing.T, h *house, tab *browser.Tab, page string, p demo.Person) {
	t.Helper()
	tab.Open(h.URL + page)
	logIn(tab, p)
	expect(t, tab, "User Information")
}

// TestS8_APersonEnablesTwoFactorAuthenticationInSettings is the self-service of the articles, with every button of both pop-ups.
func TestS8_APersonEnablesTwoFactorAuthenticationInSettings(t *testing.T) {
	h := open(t)
	tab := h.Tab()
	tab.AllowClipboard()
	settle(t, h, tab, "/settings", cleo)
	see(t, tab, "settings-off")
	tab.Follow("text=Enable")
	expect(t, tab, "User Information", "Set up through a third-party authenticator", "Enter verification code", "Cancel", "Finish")
	first := scan(t, tab, h.Clock, cleo)
	tab.PressToLeave("Escape")
	if tab.Exists("dialog") {
		t.Error("Escape is not Cancel")
	}

	tab.Follow("text=Enable")
	see(t, tab, "set-up")
	app := scan(t, tab, h.Clock, cleo)
	if string(first.secret) == string(app.secret) {
		t.Error("the second pop-up shows the secret of the first")
	}
	tab.Click(".key button")
	tab.WaitClipboard(identity.TOTPKeyText(app.secret))
	tab.Fill(verificationCode, app.wrong())
	tab.Follow("text=Finish")
	expect(t, tab, "User Information", "This code is not right.")
	tab.Fill(verificationCode, app.code())
	tab.PressToLeave("Enter") // is Finish, and not Cancel
	expect(t, tab, "User Information", "Congratulations! You have enabled two-factor authentication!", "Recovery code")
	see(t, tab, "set-up-done")
	codes := copyCodes(t, tab)

	tab.Follow("text=Regenerate recovery codes")
	expect(t, tab, "Recovery codes")
	if again := copyCodes(t, tab); again[0] == codes[0] {
		t.Error("the new codes are the old ones")
	}
	tab.Follow("text=I have saved these codes")
	expect(t, tab, "User Information", "Codes left: 10", "On", "Every login asks for a second factor")
	see(t, tab, "settings-on")

	other := h.Fresh().For(t).Tab()
	enter(other, h.cms, "Globex Events")
	logIn(other, cleo)
	enterCode(other, codeField, app.next())
	expectLogin(t, other, h.cms, cleo, "Globex Events", passwordAndCode)
}

// copyCodes presses Copy beside each of the ten codes, and Copy code for the list.
func copyCodes(t *testing.T, tab *browser.Tab) (codes []string) {
	t.Helper()
	if n := tab.Count(".codes li"); n != 10 {
		t.Fatalf("%d recovery codes", n)
	}
	for _, place := range strings.Fields("1 2 3 4 5 6 7 8 9 10") {
		code := tab.Text(".codes li:nth-child(" + place + ") code")
		tab.Click(".codes li:nth-child(" + place + ") button")
		tab.WaitClipboard(code)
		codes = append(codes, code)
	}
	tab.Click("text=Copy code")
	tab.WaitClipboard(strings.Join(codes, "\n"))
	return codes
}

func TestS8_ThePopUpIsAPageWithoutJavaScript(t *testing.T) {
	h := open(t)
	tab := h.Tab(browser.NoScript)
	tab.Open(h.URL + "/settings")
	logIn(tab, cleo)
	tab.Follow("text=Enable")
	if tab.Exists("h1") || !tab.Says("Set up through a third-party authenticator") {
		t.Errorf("the page shows more than the pop-up:\n%s", tab.PageText())
	}
	see(t, tab, "set-up-no-script")
	app := scan(t, tab, h.Clock, cleo)
	tab.Follow("text=Cancel")
	expect(t, tab, "User Information", "Off")
	tab.Follow("text=Enable")
	app = scan(t, tab, h.Clock, cleo)
	tab.Fill(verificationCode, app.code())
	tab.Follow("text=Finish")
	tab.WaitText("Congratulations! You have enabled two-factor authentication!")
	tab.Follow("text=I have saved these codes")
	expect(t, tab, "User Information", "Codes left: 10")
}

func TestAPersonChangesTheEmailAddressAtBothMailboxes(t *testing.T) {
	h := open(t)
	tab := h.Tab()
	settle(t, h, tab, "/settings/profile", cleo)
	see(t, tab, "profile")
	tab.Follow("text=Change your email")
	expect(t, tab, "Change your email", "Nothing changes until you have opened both.")
	tab.Fill("label=New email", "cleo@new.example")
	tab.Follow("text=Send the links")
	expect(t, tab, "User Information", "Change to cleo@new.example", "Not yet confirmed at the old address")
	see(t, tab, "profile-changing")

	moved := cleo
	moved.Email = "cleo@new.example"
	phone := h.Fresh().For(t).Tab() // mail is read elsewhere
	phone.Open(h.mailed(t, moved, "Confirm your email address", "/email/new/"))
	expect(t, phone, "Confirm the change of address", "becomes cleo@new.example")
	see(t, phone, "email-confirm")
	phone.Follow("text=Confirm cleo@new.example")
	expect(t, phone, "One address is confirmed", "Now open the link in the mail to c…@")
	phone.Open(h.mailed(t, cleo, "Confirm your new email address", "/email/old/"))
	phone.Follow("text=Confirm " + cleo.Email)
	expect(t, phone, "Your email is changed", "From now on log in with cleo@new.example.")
	for _, p := range []demo.Person{cleo, moved} {
		h.Mail.WaitFor(t, p.Email, "Your email address was changed")
	}

	enter(phone, h.cms, "Globex Events")
	logIn(phone, moved)
	expectLogin(t, phone, h.cms, moved, "Globex Events", password)
	tab.Open(h.URL + "/settings/sessions")
	expect(t, tab, "User Information", "This browser", "Globex Events")
	see(t, tab, "sessions")
	tab.Follow("text=Log out everywhere else")
	expect(t, tab, "User Information", "You are logged in nowhere else.")
}
