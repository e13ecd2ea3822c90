package e2e_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/e2e/browser"
)

const (
	recoveryField         = "label=Recovery code"
	passwordAndRecovery   = "pwd otp mfa urn:vestibule:amr:recovery-code, urn:vestibule:acr:2fa"
	withoutTheApp         = "text=Your app is not at hand?"
	thirdCode, thirdsCopy = ".codes li:nth-child(3) code", ".codes li:nth-child(3) button"
)

// TestS8_RecoveryCodesFollowThePairingAndStandInForTheApp copies a code as a person does, and pastes it at the next login.
func TestS8_RecoveryCodesFollowThePairingAndStandInForTheApp(t *testing.T) {
	h := open(t)
	tab := h.Tab()
	tab.Open(h.link(t, ben))
	app := reveal(t, tab, h, ben)
	enterCode(tab, verificationCode, app.code())
	expect(t, tab, "Recovery codes", "each of these codes lets you log in once as "+ben.Email, "We show these codes only now")
	see(t, tab, "recovery-codes")
	if n := tab.Count(".codes code"); n != 10 {
		t.Fatalf("%d codes are shown", n)
	}
	code := tab.Text(thirdCode)
	tab.AllowClipboard()
	tab.ClickAndHear("text=Copy code", "Copied")
	tab.Click(thirdsCopy)
	tab.WaitClipboard(code) // the browser writes after the click, and not at all once the page was left
	saveCodes(t, tab)
	tab.Follow("text=Continue")

	logInAsFarAsTheCode(t, tab, ben)
	tab.Click(withoutTheApp)
	tab.Follow("text=Use a recovery code")
	see(t, tab, "login-recovery-code")
	tab.Paste(recoveryField)
	if got := tab.Value(recoveryField); got != code {
		t.Fatalf("the clipboard held %q and not the code %q", got, code)
	}
	tab.Follow("text=Login")
	expectLogin(t, tab, h.cms, ben, "Acme Media", passwordAndRecovery)
	if letter := h.Mail.WaitFor(t, ben.Email, "A recovery code was used"); !strings.Contains(letter.Text, "Codes left: 9.") {
		t.Errorf("the letter says %s", letter.Text)
	}

	other := h.Fresh().Tab()
	enter(other, h.cms, "Acme Media")
	logIn(other, ben)
	other.Click(withoutTheApp)
	other.Follow("text=Use a recovery code")
	other.Fill(recoveryField, code)
	other.Follow("text=Login")
	expect(t, other, "Login", "This recovery code is not right, or it was used before.")
	see(t, other, "login-recovery-code-refused")
	other.Follow("text=Enter the code from your app")
	enterCode(other, codeField, app.next())
	expectLogin(t, other, h.cms, ben, "Acme Media", passwordAndCode)
}

// TestS8_RecoveryCodesNeedNoJavaScript saves them by the link, which holds the file itself.
func TestS8_RecoveryCodesNeedNoJavaScript(t *testing.T) {
	h := open(t)
	tab := h.Tab(browser.NoScript)
	tab.Open(h.link(t, ben))
	app := reveal(t, tab, h, ben)
	tab.Fill(verificationCode, app.code())
	tab.Follow(".steps button.main")
	expect(t, tab, "Recovery codes")
	if n := tab.Count(".codes button, .tools button"); n != 0 {
		t.Errorf("%d buttons are shown that nothing would happen at", n)
	}
	code := tab.Text(thirdCode)
	scheme, file, _ := strings.Cut(tab.Attribute("text=Download as text", "href"), ",")
	text, err := url.PathUnescape(file)
	if err != nil || scheme != "data:text/plain;charset=utf-8" || !strings.Contains(text, code) || !strings.Contains(text, ben.Email) || strings.Count(text, "\n") != 12 {
		t.Errorf("the file says %q, %v", text, err)
	}
	saveCodes(t, tab)
	tab.Follow("text=Continue")
	logInAsFarAsTheCode(t, tab, ben)
	tab.Click(withoutTheApp)
	tab.Follow("text=Use a recovery code")
	tab.Fill(recoveryField, strings.ToLower(code))
	tab.Follow("text=Login")
	expectLogin(t, tab, h.cms, ben, "Acme Media", passwordAndRecovery)
}
