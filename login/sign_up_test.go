package login_test

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// openToAll serves the house once more, where everybody may sign up.
func openToAll(h *house, mode identity.SignUp) *house {
	h.signUp = mode
	h.server = h.replica()
	return h
}

func TestSignUp_WhoProvesTheMailboxOwnsANewAccount(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.account("dora-media", identity.TwoFactorOff) // its slug is taken
		openToAll(h, identity.SignUpOn)
		b := h.browser()
		page := b.follow(b.get("/authorize").shows(200, "Login"), "Sign Up").shows(200, "Sign Up")
		b.send(page, "email", "").shows(422, "Sign Up").refuses("enter your email")
		b.send(page, "email", "dora").shows(422, "Sign Up").refuses("not an email address")
		b.send(page, "email", "Dora@Example.com").shows(200, "Check your mail")
		if _, err := h.db.UserByEmail(t.Context(), "dora@example.com"); err == nil {
			t.Fatal("she exists before her mailbox was proven")
		}
		link := h.mailed("/sign-up/")
		page = b.get("/sign-up/"+link).shows(200, "Create your login")
		if strings.Contains(page.url.String(), link) || page.value("email") != "dora@example.com" {
			t.Errorf("at %s for %q", page.url, page.value("email"))
		}
		page = b.send(page, "name", "Dora Media", "account-name", "Dora  Media", "password", "dora").shows(422, "Create your login").refuses("too short")
		page = b.send(page, "name", "Dora Lindt", "account-name", "", "password", password).shows(422, "Create your login").refuses("name for the account")
		page = b.send(page, "name", "Dora Lindt", "account-name", "Zebra Harbour", "password", "zebra harbour 22").shows(422, "Create your login").refuses("the name of an account")
		if page.value("name") != "Dora Lindt" || page.value("account-name") != "Zebra Harbour" {
			t.Error("what was typed is gone")
		}
		page = b.send(page, "name", "Dora Lindt", "account-name", "Dora Media", "password", password).shows(200, "Welcome")
		// The login of the product goes on where it was left.
		page = b.follow(page, "Login").shows(200, "Login")
		b.send(page, "email", "dora@example.com", "password", password).says("done dora-media-2 pwd dora@example.com")
		u := h.user("dora@example.com")
		places, err := h.db.MembershipsOf(t.Context(), u.ID)
		if err != nil || !u.EmailVerified || u.Name != "Dora Lindt" || len(places) != 1 || places[0].Role != identity.RoleOwner ||
			places[0].Account.Name != "Dora Media" || h.events(identity.EventSignedUp) != 1 {
			t.Errorf("%+v %+v %v", u, places, err)
		}
		b.get("/sign-up/"+link).shows(410, "This link has been used")
		b.post("/sign-up/finish", url.Values{"name": {"x"}, "account-name": {"x"}, "password": {password}}).shows(410, "This link has been used")
	})
}

// TestR27_SigningUpSaysTheSameToEveryAddress also when it is known, disabled, invited, or was asked for often.
func TestR27_SigningUpSaysTheSameToEveryAddress(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		globex := h.account("globex", identity.TwoFactorOff)
		h.person("ada@example.com", globex)
		h.guest("ben@example.com", globex)
		openToAll(h, identity.SignUpOn)
		var first screen
		for i, email := range []string{"nobody@example.com", "ada@example.com", "ben@example.com", "nobody@example.com", "ada@example.com"} {
			b := h.browser()
			page := b.send(b.get("/sign-up"), "email", email).shows(200, "Check your mail")
			if i == 0 {
				first = page
			}
			if page.body != first.body || page.url.String() != first.url.String() {
				t.Errorf("%s is answered by another page", email)
			}
		}
		var letters []string
		for _, l := range h.letters() {
			letters = append(letters, l.Kind+" "+l.To)
			if l.Kind == "sign-up-known" && (strings.Contains(l.Text, "/sign-up/") || !strings.Contains(l.Text, h.server.URL+"/forgot")) {
				t.Errorf("the letter to %s: %s", l.To, l.Text)
			}
		}
		if got := strings.Join(letters, ", "); got != "sign-up nobody@example.com, sign-up-known ada@example.com, sign-up-known ben@example.com" {
			t.Errorf("the letters: %s", got)
		}
		b := h.browser() // the sixth from here
		page := b.send(b.get("/sign-up"), "email", "ada@example.com").shows(429, "Sign Up").refuses("Too many attempts")
		if page.header.Get("Retry-After") == "" {
			t.Error("nobody says when to come back")
		}
		h.moveTo("198.51.100.9")
		b.send(b.get("/sign-up"), "email", "nobody@example.com").shows(200, "Check your mail")
		if len(h.letters()) != 0 {
			t.Error("an address is flooded")
		}
		h.wait(time.Minute)
		b.send(b.get("/sign-up"), "email", "nobody@example.com").shows(200, "Check your mail")
		if len(h.letters()) != 1 {
			t.Error("a minute later there is no letter")
		}
	})
}

func TestR22_ASignUpLinkWorksOnceForADayAndTheNewestWins(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		globex := h.account("globex", identity.TwoFactorOff)
		openToAll(h, identity.SignUpOn)
		b := h.browser()
		ask := func() string {
			h.wait(time.Minute)
			b.send(b.get("/sign-up"), "email", "dora@example.com")
			return h.mailed("/sign-up/")
		}
		first, second := ask(), ask()
		b.get("/sign-up/"+first).shows(410, "There is a newer link")
		b.get("/sign-up/"+second).shows(200, "Create your login")
		h.wait(24 * time.Hour)
		b.get("/sign-up/finish").shows(410, "This link has expired")
		all := url.Values{"name": {"Dora"}, "account-name": {"Zebra"}, "password": {password}}
		b.post("/sign-up/finish", all).shows(410, "This link has expired")
		b.get("/sign-up/"+ask()).shows(200, "Create your login")
		h.guest("dora@example.com", globex) // she was invited meanwhile
		b.post("/sign-up/finish", all).shows(410, "This link has been used")
		if h.events(identity.EventSignedUp) != 0 || h.user("dora@example.com").PasswordHash != "" {
			t.Error("the link has changed who was invited")
		}
	})
}

func TestR22_OfFiftyParallelUsesOfASignUpLinkOneWins(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		openToAll(h, identity.SignUpOn)
		b := h.browser()
		b.send(b.get("/sign-up"), "email", "dora@example.com")
		link := h.mailed("/sign-up/")
		var all sync.WaitGroup
		var mu sync.Mutex
		founded := 0
		for range 50 {
			all.Go(func() {
				b := h.browser()
				b.get("/sign-up/" + link)
				page := b.post("/sign-up/finish", url.Values{"name": {"Dora"}, "account-name": {"Zebra"}, "password": {password}})
				mu.Lock()
				defer mu.Unlock()
				if page.heading() == "Welcome" {
					founded++
				} else if page.status != 410 && page.status != 503 {
					t.Errorf("%d %q", page.status, page.heading())
				}
			})
		}
		all.Wait()
		accounts, err := h.db.Accounts(t.Context())
		if founded == 0 || h.events(identity.EventSignedUp) != 1 || len(accounts) != 1 || err != nil {
			t.Errorf("%d founded, %d on record, %d accounts, %v", founded, h.events(identity.EventSignedUp), len(accounts), err)
		}
	})
}

func TestSignUp_IsClosedUnlessItIsOpenedAndPerClientWhereItIsSetSo(t *testing.T) {
	h := onEither(t)
	h.account("globex", identity.TwoFactorOff)
	b := h.browser()
	closed := func(mode string) {
		t.Helper()
		page := b.get("/authorize").shows(200, "Login")
		if strings.Contains(page.body, "Sign Up") {
			t.Errorf("%s: the login page offers to sign up", mode)
		}
		b.get("/sign-up?"+page.url.RawQuery).shows(200, "Login")
		b.get("/sign-up").shows(200, "Login")
		b.post("/sign-up", url.Values{"email": {"dora@example.com"}}).shows(200, "Login")
		if len(h.letters()) != 0 {
			t.Errorf("%s: a letter was sent all the same", mode)
		}
	}
	closed("off")
	openToAll(h, identity.SignUpClients)
	b = h.browser()
	closed("a client that does not allow it")
	h.clientAllowsSignUp()
	page := b.follow(b.get("/authorize").shows(200, "Login"), "Sign Up").shows(200, "Sign Up")
	b.send(page, "email", "dora@example.com").shows(200, "Check your mail")
	b.get("/sign-up").shows(200, "Login") // who comes from nowhere
	b.get("/sign-up/"+h.mailed("/sign-up/")).shows(200, "Create your login")
	openToAll(h, identity.SignUpOff)
	b.base = h.server.URL
	b.post("/sign-up/finish", url.Values{"name": {"Dora"}, "account-name": {"Zebra"}, "password": {password}})
	if h.events(identity.EventSignedUp) != 0 {
		t.Error("somebody signed up after it was closed")
	}
}

// clientAllowsSignUp lets people who come from the client sign up.
func (h *house) clientAllowsSignUp() {
	h.t.Helper()
	client, err := h.db.Client(context.Background(), "cms")
	if err != nil {
		h.t.Fatal(err)
	}
	client.SignUp = true
	h.write(func(tx *storage.Tx) error { return tx.SaveClient(context.Background(), client) })
}
