package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/demo"
	"github.com/vestibule-id/vestibule/e2e/browser"
)

const (
	newPassword = "copper kite hums at dusk"
	proofField  = "label=Authenticator code or recovery code"
)

// trusted is the demo's account Acme content with the mailbox.
const trusted = `accounts: [{slug: acme, name: Acme Media, two_factor: all, reset: mailbox}, {slug: globex, name: Globex Events, two_factor: "off", reset: mailbox}]`

// forget goes from the login page over Forgot Password? to the page that the letter leads to.
func (h *house) forget(t *testing.T, tab *browser.Tab, p demo.Person) {
	t.Helper()
	h.Mail.Clear()
	tab.Open(h.URL + "/login")
	tab.Follow("text=Forgot Password?")
	expect(t, tab, "Forgot your password?")
	tab.Fill("label=Email", p.Email)
	tab.Follow("text=Send the link")
	expect(t, tab, "Check your mail", "If there is a login with "+p.Email, "30 minutes")
	tab.Open(h.mailed(t, p, "Choose a new password", "/reset/"))
	expect(t, tab, "Choose a new password", "At least 12 characters", "Four or five unrelated words")
	if !strings.HasSuffix(tab.URL(), "/reset") {
		t.Errorf("the link stays in the address bar: %s", tab.URL())
	}
}

// mailed waits for a letter and returns the link in it.
func (h *house) mailed(t *testing.T, p demo.Person, subject, path string) string {
	t.Helper()
	for _, link := range h.Mail.WaitFor(t, p.Email, subject).Links() {
		if strings.Contains(link, path) {
			return link
		}
	}
	t.Fatalf("the letter %q has no link to %s", subject, path)
	return ""
}

// TestS6_AForgottenPasswordIsReplacedAndTheAppIsPairedAnew is the way of the articles, for somebody with an app: the code is asked for
// on the page of the new password.
func TestS6_AForgottenPasswordIsReplacedAndTheAppIsPairedAnew(t *testing.T) {
	h := open(t)
	tab, old := h.Tab(), h.phoneOf(t, ada)
	h.forget(t, tab, ada)
	see(t, tab, "reset-proof")
	tab.Fill("label=New password", "ada-loves-numbers")
	tab.Fill(proofField, old.code())
	tab.Follow("text=Set the new password")
	expect(t, tab, "Choose a new password", "a part of your email in it")
	tab.Fill("label=New password", newPassword)
	tab.Fill(proofField, old.wrong())
	tab.Follow("text=Set the new password")
	expect(t, tab, "Choose a new password", "This code is not right.")
	see(t, tab, "reset-proof-refused")
	tab.Fill("label=New password", newPassword)
	tab.Fill(proofField, old.code())
	tab.Follow("text=Set the new password")
	expect(t, tab, "Your new password has been set", "You were logged out everywhere.")
	see(t, tab, "reset-done")
	tab.Follow("text=OK")
	app := scan(t, tab, h.Clock, ada)
	enterCode(tab, verificationCode, app.code())
	saveCodes(t, tab)
	expect(t, tab, "Your authenticator is set up")
	tab.Open(h.mailed(t, ada, "Set up your authenticator app again", "/enroll/"))
	expect(t, tab, "This link has been used")

	renewed := ada
	renewed.Password = newPassword
	other := h.Fresh().Tab()
	enter(other, h.cms, "Acme Media")
	logIn(other, renewed)
	other.Wait(codeField)
	enterCode(other, codeField, old.next())
	expect(t, other, "Login", "This code is not right.")
	enterCode(other, codeField, app.code())
	expectLogin(t, other, h.cms, ada, "Acme Media", passwordAndCode)
}

// TestS6_WhereAccountsTrustTheMailboxTheLetterIsEnough, and closing the tab loses nothing.
func TestS6_WhereAccountsTrustTheMailboxTheLetterIsEnough(t *testing.T) {
	h := open(t)
	h.Apply(trusted)
	tab := h.Tab()
	h.forget(t, tab, ada)
	if tab.Exists(proofField) {
		t.Error("the page asks for a code")
	}
	see(t, tab, "reset")
	tab.Fill("label=New password", newPassword)
	tab.Follow("text=Set the new password")
	expect(t, tab, "Your new password has been set", "a new QR code", "We have mailed you a link")

	phone := h.Fresh().Tab(browser.Narrow) // the tab is closed, and the letter is opened elsewhere
	phone.Open(h.mailed(t, ada, "Set up your authenticator app again", "/enroll/"))
	expect(t, phone, "Set up two-factor authentication")
	phone.Fill("label=Password", newPassword)
	phone.Follow("text=Show the QR code")
	app := scan(t, phone, h.Clock, ada)
	enterCode(phone, verificationCode, app.code())
	saveCodes(t, phone)
}

// TestALostAuthenticatorIsVouchedForByTheOwner: Dana belongs to Acme, which Ada owns.
func TestALostAuthenticatorIsVouchedForByTheOwner(t *testing.T) {
	h := open(t)
	dana := demo.Person{Email: "dana@example.com", Password: "marble fox counts rain"}
	h.Apply(`people: [{email: dana@example.com, name: Dana Reyes, password: marble fox counts rain, totp_secret: KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU, memberships: {acme: member}}]`)
	tab := h.Tab()
	h.forget(t, tab, dana)
	tab.Follow("text=I have lost my authenticator")
	expect(t, tab, "Lost your authenticator?", "Look for your recovery codes first")
	see(t, tab, "lost")
	tab.Follow("text=Ask them to let me in")
	expect(t, tab, "Your request is under way", "the owner of your account")
	see(t, tab, "lost-asked")
	h.mailed(t, dana, "Somebody says your authenticator is lost", "/not-me/")

	desk := h.Fresh().Tab()
	desk.Open(h.mailed(t, ada, "Dana Reyes (dana@example.com) has lost the authenticator", "/settings/recoveries/"))
	logIn(desk, ada)
	expect(t, desk, "Confirm that it is you")
	enterCode(desk, codeField, h.phoneOf(t, ada).code())
	expect(t, desk, "User Information", "Dana Reyes has lost the authenticator", "Acme Media", "before you approve")
	see(t, desk, "recovery")
	desk.Fill("label=How do you know it is them? Or why not?", "called her on her own number")
	desk.Follow("text=Approve")
	expect(t, desk, "User Information", "Nobody is waiting for you to decide.")

	h.Clock.Advance(20 * time.Hour)
	tab.Open(h.mailed(t, dana, "You can log in without your authenticator once", "/reset/"))
	expect(t, tab, "Choose a new password")
	if tab.Exists(proofField) {
		t.Error("the approved link asks for a code")
	}
	tab.Fill("label=New password", newPassword)
	tab.Follow("text=Set the new password")
	tab.Follow("text=OK")
	app := scan(t, tab, h.Clock, dana)
	enterCode(tab, verificationCode, app.code())
	saveCodes(t, tab)
}

// TestThisWasntMe begins with the notice of a password that somebody has reset.
func TestThisWasntMe(t *testing.T) {
	h := open(t)
	stranger := h.Fresh().Tab()
	h.forget(t, stranger, cleo)
	stranger.Fill("label=New password", newPassword)
	stranger.Follow("text=Set the new password")
	expect(t, stranger, "Your new password has been set")
	stranger.Follow("text=OK")
	taken := cleo
	taken.Password = newPassword
	logIn(stranger, taken)
	expect(t, stranger, "You are logged in")

	tab := h.Tab()
	tab.Open(h.mailed(t, cleo, "Your password was reset", "/not-me/"))
	expect(t, tab, "This wasn't you?", "for "+cleo.Email, "Nothing has happened yet.")
	see(t, tab, "not-me")
	h.Mail.Clear()
	tab.Follow("text=This wasn't me")
	expect(t, tab, "Check your mail", "You are logged out everywhere")
	see(t, tab, "not-me-done")
	stranger.Open(h.URL + "/login")
	expect(t, stranger, "Login")
	tab.Open(h.mailed(t, cleo, "Choose a new password", "/reset/"))
	tab.Fill("label=New password", "quiet harbour nine swans")
	tab.Follow("text=Set the new password")
	expect(t, tab, "Your new password has been set")
	mine := cleo
	mine.Password = "quiet harbour nine swans"
	tab.Follow("text=OK")
	logIn(tab, mine)
	expect(t, tab, "You are logged in")
}
