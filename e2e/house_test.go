package e2e_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/demo"
	"github.com/vestibule-id/vestibule/e2e/browser"
	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

// The people of the demo. Ada has an authenticator, Ben and Cleo have none.
var ada, ben, cleo = demo.People[0], demo.People[1], demo.People[2]

// house is a provider with the demo's products and people, and a browser in front of it.
type house struct {
	*vestibuletest.Provider
	*browser.Browser
	cms, events, mailbox string // where the products are found
	letters              string // the folder that the mailbox shows
}

// open starts a house on SQLite.
func open(t *testing.T) *house {
	t.Helper()
	return openOn(t, "sqlite")
}

// openOn starts a house on an engine. The products take the provider's clock for the time, because a
// product refuses tokens from the future.
func openOn(t *testing.T, engine string) *house {
	t.Helper()
	h := &house{
		Provider: vestibuletest.Start(t, vestibuletest.Config{Engine: engine, SignUp: identity.SignUpOn}),
		Browser:  chromium(t), letters: t.TempDir(),
	}
	cms, events, mailbox := listen(t), listen(t), listen(t)
	h.cms, h.events, h.mailbox = address(cms), address(events), address(mailbox)
	h.Apply(demo.Data(h.cms, h.events))
	serve(t, cms, h.product(t, demo.ClientConfig{
		Title: "Rich Media CMS", Look: demo.CMS, BaseURL: h.cms, ClientID: demo.CMSID, ClientSecret: demo.CMSSecret,
		OtherProduct: demo.OtherProduct{Name: "Event Platform", URL: h.events},
	}))
	serve(t, events, h.product(t, demo.ClientConfig{
		Title: "Event Platform", Look: demo.Events, BaseURL: h.events, ClientID: demo.EventsID, ClientSecret: demo.EventsSecret,
		OtherProduct: demo.OtherProduct{Name: "Rich Media CMS", URL: h.cms},
	}))
	serve(t, mailbox, demo.NewMailbox(h.letters, nil))
	return h
}

func (h *house) product(t *testing.T, c demo.ClientConfig) http.Handler {
	t.Helper()
	c.Issuer, c.Accounts, c.Now = h.URL, demo.Accounts, h.Clock.Now
	product, err := demo.NewClient(c)
	if err != nil {
		t.Fatal(err)
	}
	return product
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// address is localhost and not a number, as in the demo: all parts are one site to the browser.
func address(l net.Listener) string {
	return fmt.Sprintf("http://localhost:%d", l.Addr().(*net.TCPAddr).Port)
}

func serve(t *testing.T, l net.Listener, site http.Handler) {
	s := &http.Server{Handler: site}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
}

// require sets whom an account asks for a code, as an operator does.
func (h *house) require(t *testing.T, account string, mode identity.TwoFactor) {
	t.Helper()
	if _, err := h.Admin.RequireTwoFactor(t.Context(), account, mode); err != nil {
		t.Fatal(err)
	}
}

// fetchMail puts the letters that have arrived so far into the mailbox.
func (h *house) fetchMail(t *testing.T) {
	t.Helper()
	for i, letter := range h.Mail.Letters() {
		if err := os.WriteFile(filepath.Join(h.letters, fmt.Sprintf("%03d.eml", i)), letter.Raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// openLetter waits for a letter in the mailbox that is open, and opens it. The mailbox reloads itself every five seconds.
func openLetter(tab *browser.Tab, subject string) {
	tab.Wait("text=" + subject)
	tab.Stay()
	tab.Follow("text=" + subject)
}

// forgetLetters waits for those that a house begins with, from the account that asks already, and forgets them.
func (h *house) forgetLetters(t *testing.T) {
	t.Helper()
	h.link(t, ben)
	h.Mail.WaitFor(t, ada.Email, "Nothing to do")
	h.Mail.Clear()
}

// link waits for the letter that invites a person and returns the link in it.
func (h *house) link(t *testing.T, p demo.Person) string {
	t.Helper()
	letter := h.Mail.WaitFor(t, p.Email, "Set up two-factor authentication")
	links := letter.Links()
	if len(links) == 0 {
		t.Fatalf("no link in %s:\n%s", letter, letter.Text)
	}
	return links[0]
}

// phoneOf is the app that a person of the demo has already.
func (h *house) phoneOf(t *testing.T, p demo.Person) phone {
	t.Helper()
	secret, err := identity.ParseTOTPKeyText(p.Key)
	if err != nil {
		t.Fatal(err)
	}
	return phone{secret, h.Clock}
}

// phone is an authenticator app. It knows what it has scanned and what time it is.
type phone struct {
	secret []byte
	clock  *vestibuletest.Clock
}

// code is what the app shows now.
func (p phone) code() string { return identity.TOTPCode(p.secret, p.clock.Now()) }

// next waits for the code after the one that the app shows: each works once.
func (p phone) next() string {
	p.clock.Advance(identity.TOTPPeriod)
	return p.code()
}

// wrong is a code that the app shows neither now nor within minutes.
func (p phone) wrong() string {
	for code := 0; ; code++ {
		guess, hit := fmt.Sprintf("%06d", code), false
		for step := -10; step <= 10; step++ {
			hit = hit || guess == identity.TOTPCode(p.secret, p.clock.Now().Add(time.Duration(step)*identity.TOTPPeriod))
		}
		if !hit {
			return guess
		}
	}
}
