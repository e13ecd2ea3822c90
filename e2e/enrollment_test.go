package e2e_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/demo"
	"github.com/vestibule-id/vestibule/e2e/browser"
	"github.com/vestibule-id/vestibule/identity"
)

// TestS1_TurningTwoFactorOnMailsEveryMember reads the letters where people do. Cleo owns the account, Ben
// belongs to it, Ada does too and has an authenticator.
func TestS1_TurningTwoFactorOnMailsEveryMember(t *testing.T) {
	h := open(t)
	h.forgetLetters(t)
	h.require(t, "globex", identity.TwoFactorAll)
	for _, p := range []demo.Person{ben, cleo} {
		h.Mail.WaitFor(t, p.Email, "Set up two-factor authentication for Globex Events")
	}
	h.Mail.WaitFor(t, ada.Email, "Nothing to do: Globex Events now asks for the code you already use")
	if n := len(h.Mail.Letters()); n != 3 {
		t.Errorf("%d letters for three members", n)
	}

	tab := h.Tab()
	h.fetchMail(t)
	tab.Open(h.mailbox)
	see(t, tab, "mailbox")
	openLetter(tab, "Nothing to do: Globex Events now asks for the code you already use")
	expect(t, tab, "Nothing to do: Globex Events now asks for the code you already use", "Hello Ada Park", "enter the code you already use")
	if strings.Contains(tab.PageText(), "/enroll/") {
		t.Error("the letter has a link for somebody with nothing to do")
	}
	see(t, tab, "letter-nothing-to-do")
	for _, p := range []demo.Person{ben, cleo} {
		tab.Open(h.mailbox + "/?to=" + p.Email)
		openLetter(tab, "Set up two-factor authentication for Globex Events")
		expect(t, tab, "Set up two-factor authentication for Globex Events", "The link works once")
		if p == cleo {
			see(t, tab, "letter-set-up")
		}
		tab.Follow(".letter-link") // the first
		expect(t, tab, "Set up two-factor authentication", "Globex Events asks for a code from an authenticator app")
		if got := tab.Value("label=Email"); got != p.Email {
			t.Errorf("the link of %s is for %s", p.Email, got)
		}
	}
}

func TestS1_OnlyThoseWhoAreAskedGetALetter(t *testing.T) {
	h := open(t)
	h.forgetLetters(t)
	h.require(t, "globex", identity.TwoFactorAdmins) // Cleo owns it, Ben administers it, Ada does not
	h.link(t, ben)
	h.link(t, cleo)
	if n := len(h.Mail.Letters()); n != 2 {
		t.Errorf("%d letters for two people who are asked", n)
	}
	tab := h.Tab()
	enter(tab, h.cms, "Globex Events")
	logIn(tab, ada)
	expectLogin(t, tab, h.cms, ada, "Globex Events", password)
	h.require(t, "globex", identity.TwoFactorMembers)
	h.Mail.WaitFor(t, ada.Email, "Nothing to do")
	expectEnded(t, tab, "Every film in its place.")
}

// TestS2_TheLinkShowsAQRCodeThatAnAppReads is the way of the articles: letter, password, QR code, code,
// Continue, login page.
func TestS2_TheLinkShowsAQRCodeThatAnAppReads(t *testing.T) {
	h := open(t)
	tab := h.Tab()
	tab.Open(h.link(t, ben))
	expect(t, tab, "Set up two-factor authentication", "Acme Media asks for a code", "once and works until")
	see(t, tab, "enroll")
	tab.Fill("label=Password", "not the password")
	tab.Follow("text=Show the QR code")
	expect(t, tab, "Set up two-factor authentication", "The password is not right.")
	see(t, tab, "enroll-refused")
	app := reveal(t, tab, h, ben)
	expect(t, tab, "Set up two-factor authentication", "Google Authenticator for Android",
		"Google Authenticator for iPhone and iPad", "Any authenticator app works.")
	if key := strings.ReplaceAll(tab.Text(".key code"), " ", ""); key != identity.TOTPKeyText(app.secret) {
		t.Error("the key to type in is not the one in the QR code")
	}
	see(t, tab, "enroll-qr")

	tab.Click(verificationCode)
	tab.PressToLeave(app.wrong())
	expect(t, tab, "Set up two-factor authentication", "This code is not right.")
	see(t, tab, "enroll-qr-refused")
	if !bytes.Equal(scan(t, tab, h.Clock, ben).secret, app.secret) {
		t.Error("after a wrong code it is another QR code")
	}
	enterCode(tab, verificationCode, app.code())
	saveCodes(t, tab)
	expect(t, tab, "Your authenticator is set up", "From now on Acme Media asks for a code at every login.")
	see(t, tab, "enroll-done")
	tab.Follow("text=Continue")
	logInToAcme(t, h, tab, ben, app.next())
}

// TestS2_CheckingTheCodeCanBeLeftOut: then the first right code at the login confirms the pairing.
func TestS2_CheckingTheCodeCanBeLeftOut(t *testing.T) {
	h := open(t)
	tab := h.Tab()
	tab.Open(h.link(t, ben))
	app := reveal(t, tab, h, ben)
	tab.Follow("text=Continue without checking")
	logInAsFarAsTheCode(t, tab, ben)
	enterCode(tab, codeField, app.code())
	saveCodes(t, tab)
	expectLogin(t, tab, h.cms, ben, "Acme Media", passwordAndCode)

	// It is confirmed for good: another browser is asked for a code, and offered no link.
	other := h.Fresh().Tab()
	enter(other, h.cms, "Acme Media")
	logIn(other, ben)
	other.Wait(codeField)
	if other.Says("Send a new link") {
		t.Error("somebody with an authenticator is offered a new link")
	}
	enterCode(other, codeField, app.next())
	expectLogin(t, other, h.cms, ben, "Acme Media", passwordAndCode)
}

// reveal gives the password and holds the phone before the QR code.
func reveal(t *testing.T, tab *browser.Tab, h *house, p demo.Person) phone {
	t.Helper()
	tab.Fill("label=Password", p.Password)
	tab.Follow("text=Show the QR code")
	return scan(t, tab, h.Clock, p)
}

// logInToAcme goes on from the login page where Continue leads: in, to the CMS, to the account that asks.
func logInToAcme(t *testing.T, h *house, tab *browser.Tab, p demo.Person, code string) {
	t.Helper()
	logInAsFarAsTheCode(t, tab, p)
	enterCode(tab, codeField, code)
	expectLogin(t, tab, h.cms, p, "Acme Media", passwordAndCode)
}

func logInAsFarAsTheCode(t *testing.T, tab *browser.Tab, p demo.Person) {
	t.Helper()
	expect(t, tab, "Login", "Remember me")
	logIn(tab, p)
	expect(t, tab, "You are logged in", "Where would you like to go?")
	see(t, tab, "signed-in")
	tab.Follow("text=Rich Media CMS")
	expect(t, tab, "Choose an account", "Asks for a code")
	tab.Follow(`[value="acme"]`)
	tab.Wait(codeField)
}

// TestS3_AnExpiredLinkSaysSoAndTheLoginSendsANewOne takes the way that works today for somebody who did
// not open the letter in time.
func TestS3_AnExpiredLinkSaysSoAndTheLoginSendsANewOne(t *testing.T) {
	h := open(t)
	tab, link := h.Tab(), h.link(t, ben)
	h.Clock.Advance(23*time.Hour + 55*time.Minute)
	tab.Open(link)
	expect(t, tab, "Set up two-factor authentication")
	h.Clock.Advance(10 * time.Minute)
	tab.Fill("label=Password", ben.Password)
	tab.Follow("text=Show the QR code")
	expectGone(t, tab, ben, "This link has expired", "A link to the QR code works for 24 hours.")
	see(t, tab, "gone-expired")

	h.Mail.Clear()
	tab.Follow("text=Login")
	logIn(tab, ben)
	tab.Follow("text=Rich Media CMS")
	tab.Follow(`[value="acme"]`)
	expect(t, tab, "Check your mail", "We have sent a link to b…@example.com.", "You have not set one up yet.")
	see(t, tab, "check-mail")
	tab.Open(h.link(t, ben))
	app := reveal(t, tab, h, ben)
	enterCode(tab, verificationCode, app.code())
	saveCodes(t, tab)
	expect(t, tab, "Your authenticator is set up")
}

func TestS3_AUsedLinkSaysSo(t *testing.T) {
	h := open(t)
	tab, link := h.Tab(), h.link(t, ben)
	for range 3 { // opening it uses nothing up
		h.Fresh().Tab().Open(link)
	}
	tab.Open(link)
	app := reveal(t, tab, h, ben)
	stranger := h.Fresh().Tab()
	stranger.Open(link)
	expectGone(t, stranger, ben, "This link has been used", "A link shows the QR code only once.")
	see(t, stranger, "gone-used")

	tab.Open(link) // the same browser, within ten minutes
	if !bytes.Equal(scan(t, tab, h.Clock, ben).secret, app.secret) {
		t.Error("a reload shows another QR code")
	}
	h.Clock.Advance(10 * time.Minute)
	tab.Open(link)
	expectGone(t, tab, ben, "This link has been used")
}

// TestS3_ANewerLinkSupersedesTheOlder asks for it on the page Check your mail.
func TestS3_ANewerLinkSupersedesTheOlder(t *testing.T) {
	h := open(t)
	tab, old := h.Tab(), h.link(t, ben)
	enter(tab, h.cms, "Acme Media")
	logIn(tab, ben)
	expect(t, tab, "Check your mail")
	tab.Follow("text=Send the link again")
	expect(t, tab, "Check your mail", "You can ask for another one in")
	see(t, tab, "check-mail-soon")
	h.Clock.Advance(time.Minute)
	h.Mail.Clear()
	tab.Follow("text=Send the link again")
	expect(t, tab, "Check your mail", "A new link is on its way. Earlier links no longer work.")
	see(t, tab, "check-mail-again")

	newer := h.link(t, ben)
	tab.Open(old)
	expectGone(t, tab, ben, "There is a newer link", "Only the link in our latest mail to you works.")
	see(t, tab, "gone-superseded")
	tab.Open(newer)
	reveal(t, tab, h, ben)
}

func TestS3_AnUnknownLinkSaysSo(t *testing.T) {
	h := open(t)
	tab := h.Tab()
	tab.Open(h.URL + "/enroll/" + strings.Repeat("x", 43))
	expect(t, tab, "We do not know this link", "check that the whole link from the mail is in the address bar")
	see(t, tab, "gone-unknown")
}

// expectGone fails the test unless the page says what is the matter with the link, and leads to Forgot
// Password with the person's address filled in and to the login.
func expectGone(t *testing.T, tab *browser.Tab, p demo.Person, title string, says ...string) {
	t.Helper()
	expect(t, tab, title, append(says, "ask for a new link")...)
	if tab.Exists(".qr") || !tab.Exists("text=Login") {
		t.Errorf("the page does not lead on:\n%s", tab.PageText())
	}
	tab.Follow("text=Forgot Password?")
	expect(t, tab, "Forgot your password?")
	if got := tab.Value("label=Email"); got != p.Email {
		t.Errorf("the form begins with %q", got)
	}
	see(t, tab, "forgot")
	tab.Back()
	expect(t, tab, title)
}
