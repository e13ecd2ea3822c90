package e2e_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/demo"
	"github.com/vestibule-id/vestibule/e2e/browser"
	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

// What tokens say about a login, as the products show it.
const (
	password         = "pwd, urn:vestibule:acr:1fa"
	passwordAndCode  = "pwd otp mfa, urn:vestibule:acr:2fa"
	codeField        = "label=Authenticator Code"
	verificationCode = "label=Enter verification code"
)

// logIn fills in the login page and leaves it by the button Login.
func logIn(tab *browser.Tab, p demo.Person) {
	tab.Fill("label=Email", p.Email)
	tab.Fill("label=Password", p.Password)
	tab.Follow("text=Login")
}

// enterCode types six digits; with the last one the form leaves by itself.
func enterCode(tab *browser.Tab, field, code string) {
	tab.Click(field)
	tab.PressToLeave(code)
}

// saveCodes goes on from the recovery codes that follow a confirmed enrollment.
func saveCodes(t *testing.T, tab *browser.Tab) {
	t.Helper()
	expect(t, tab, "Recovery codes", "We show these codes only now")
	tab.Follow("text=I have saved these codes")
}

// enter goes straight to an account of the CMS or the event platform, as far as the login page.
func enter(tab *browser.Tab, product, account string) {
	tab.Open(product)
	tab.Follow("text=" + account)
	tab.Wait("label=Password")
}

// expectLogin fails the test unless the product says that the person is there, in the account, so proven.
func expectLogin(t *testing.T, tab *browser.Tab, product string, p demo.Person, account, proven string) {
	t.Helper()
	tab.Wait("#amr")
	if !strings.HasPrefix(tab.URL(), product+"/") {
		t.Errorf("the browser is at %s and not at %s", tab.URL(), product)
	}
	if who := tab.Text("#who"); !strings.Contains(who, p.Email) {
		t.Errorf("the product says that %q is there and not %s", who, p.Email)
	}
	if got := tab.Text("#account-name"); got != account {
		t.Errorf("the product is in the account %q and not in %q", got, account)
	}
	if got := tab.Text("#amr") + ", " + tab.Text("#acr"); got != proven {
		t.Errorf("the product was told %q, want %q", got, proven)
	}
}

// expect fails the test unless the page has a title and says everything.
func expect(t *testing.T, tab *browser.Tab, title string, says ...string) {
	t.Helper()
	tab.Wait("h1")
	if got := tab.Text("h1"); got != title {
		t.Fatalf("the page is %q and not %q; it is at %s and reads:\n%s", got, title, tab.URL(), tab.PageText())
	}
	for _, part := range says {
		if !tab.Says(part) {
			t.Errorf("the page %q does not say %q:\n%s", title, part, tab.PageText())
		}
	}
}

// expectEnded waits until the provider has told the product, from behind, that this login is over. Nobody
// presses anything in between but reload.
func expectEnded(t *testing.T, tab *browser.Tab, title string) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); tab.Exists("#amr") && time.Now().Before(end); {
		tab.Reload()
	}
	expect(t, tab, title, "session_ended", "You logged out elsewhere, or the account's rules have changed.")
}

// see keeps pictures of a page as people with different screens have it, and fails the test when it does
// not fit a small phone.
func see(t *testing.T, tab *browser.Tab, name string) {
	t.Helper()
	tab.Set(browser.Narrow, browser.RightToLeft)
	if over := tab.Overflow(); over > 0 {
		t.Errorf("%s is %d points wider than a phone when it is read from the right", name, over)
	}
	tab.Set(browser.LeftToRight)
	if over := tab.Overflow(); over > 0 {
		t.Errorf("%s is %d points wider than a phone", name, over)
	}
	tab.Screenshot(name + "-320")
	tab.Set(browser.Size(1200, 800), browser.Dark)
	tab.Screenshot(name + "-dark")
	tab.Set(browser.Light)
	tab.Screenshot(name)
}

// scan reads the QR code on the page off the picture, as an authenticator app does, and keeps nothing but
// what was in it.
func scan(t *testing.T, tab *browser.Tab, clock *vestibuletest.Clock, owner demo.Person) phone {
	t.Helper()
	content := tab.QRCode(".qr")
	uri, err := url.Parse(content)
	if err != nil {
		t.Fatalf("the QR code says %q: %v", content, err)
	}
	q := uri.Query()
	if uri.Scheme != "otpauth" || uri.Host != "totp" || uri.Path != "/Vestibule:"+owner.Email || q.Get("issuer") != "Vestibule" {
		t.Errorf("an app would file %q under another name", content)
	}
	if q.Get("algorithm") != "SHA1" || q.Get("digits") != "6" || q.Get("period") != "30" {
		t.Errorf("many apps could not compute the codes of %q", content)
	}
	secret, err := identity.ParseTOTPKeyText(q.Get("secret"))
	if err != nil {
		t.Fatal(err)
	}
	return phone{secret, clock}
}
