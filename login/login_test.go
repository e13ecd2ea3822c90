package login_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

func TestAPasswordIsEnoughWhereTheAccountAsksForNoCode(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
		b := h.browser()
		b.logIn("", "Ada@Example.com", password).says("done acme pwd ada@example.com")
		b.get("/authorize").says("done acme pwd ada@example.com")
		if h.events(identity.EventSignedIn) != 1 {
			t.Error("the second product asked again, or the login was not recorded")
		}
	})
}

func TestTheSamePageExpandsWhereTheAccountAsksForTheCode(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorAll)
		app := h.app(h.person("ada@example.com", acme))
		b := h.browser()
		page := b.logIn("", "ada@example.com", password).asksCode(200)
		if page.value("email") != "ada@example.com" || page.url.Path != "/login" {
			t.Errorf("%s shows %q", page.url, page.value("email"))
		}
		for _, want := range []string{"Authenticator Code", "Acme Media asks for the code", "Not you? Start again", "to continue to Rich Media CMS"} {
			if !strings.Contains(text(page.tree), want) {
				t.Errorf("%q is missing", want)
			}
		}
		b.send(page, "code", h.code(app.Secret)).says("done acme pwd+otp+mfa ada@example.com")
		b.get("/authorize").says("done acme pwd+otp+mfa ada@example.com")
	})
}

func TestTheLoginPageKeepsTheAddressAndNeverThePassword(t *testing.T) {
	h := onEither(t)
	h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
	b := h.browser()
	page := b.send(b.get("/authorize"), "email", "ada@example.com", "password", "wrong-password-here", "remember", "on")
	page.shows(422, "Login").refuses("Email or password is not right")
	if page.value("email") != "ada@example.com" || strings.Contains(page.body, "wrong-password-here") || !strings.Contains(page.body, " checked") {
		t.Errorf("%s", page.body)
	}
	if href := "/forgot?email=ada%40example.com"; !strings.Contains(page.body, href) {
		t.Errorf("Forgot Password? does not lead to %s", href)
	}
	b.send(page, "email", "", "password", "x").shows(422, "Login").refuses("Please enter your email")
	b.send(page, "email", "ada@example.com", "password", "").shows(422, "Login").refuses("Please enter your password")
	b.send(page, "email", "ada@example.com", "password", password).says("done acme pwd ada@example.com")
}

func TestOnePersonWithSeveralAccountsChooses(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorAll), h.account("globex", identity.TwoFactorOff))
		app := h.app(ada)
		other := h.account("initech", identity.TwoFactorOff)
		b := h.browser()
		page := b.logIn("", "ada@example.com", password).shows(200, "Choose an account")
		for _, slug := range []string{other.Slug, "nobody", "", "ACME"} {
			b.send(page, "account", slug).shows(422, "Choose an account").refuses("This account is not available to you")
		}
		b.send(page, "account", "globex").says("done globex pwd ada@example.com")

		// In a login under way no account has been entered: after the chooser comes the code.
		second := h.browser()
		page = second.logIn("", "ada@example.com", password).shows(200, "Choose an account")
		page = second.send(page, "account", "acme").asksCode(200)
		second.send(page, "code", h.code(app.Secret)).says("done acme pwd+otp+mfa ada@example.com")
	})
}

func TestAnAccountTheClientHasNamedCannotBeChanged(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.person("ada@example.com", h.account("acme", identity.TwoFactorOff), h.account("globex", identity.TwoFactorOff))
		h.account("initech", identity.TwoFactorOff)
		b := h.browser()
		b.logIn("account=globex", "ada@example.com", password).says("done globex pwd ada@example.com")

		foreign := b.get("/authorize?account=initech").shows(403, "Account not available").refuses("This account is not available to you")
		unknown := b.get("/authorize?account=nowhere").shows(403, "Account not available").refuses("This account is not available to you")
		if text(foreign.tree) != text(unknown.tree) {
			t.Errorf("an account of others and one of nobody look different:\n%s\n%s", text(foreign.tree), text(unknown.tree))
		}
		if !strings.Contains(foreign.body, `href="/logout"`) {
			t.Error("there is no way out")
		}
		query := foreign.url.RawQuery
		b.post("/login/account?"+query, map[string][]string{"account": {"acme"}}).shows(422, "Account not available").refuses("not available")
		b.get("/authorize/callback?"+query).shows(403, "Account not available")
	})
}

func TestSwitchingToAnAccountWithACodeIsOneClickAndANewLogin(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorAll), h.account("globex", identity.TwoFactorOff))
		app := h.app(ada)
		b := h.browser()
		b.logIn("account=globex", "ada@example.com", password).says("done globex pwd ada@example.com")
		before := b.cookie("vestibule-session")

		page := b.get("/authorize?account=acme").shows(200, "Acme Media asks for a code")
		page = b.press(page, "Log out and continue").shows(200, "Login")
		if page.value("email") != "ada@example.com" {
			t.Errorf("the address is gone: %q", page.value("email"))
		}
		if b.cookie("vestibule-session") != "" || h.ended(before) != true {
			t.Error("the old session lives on")
		}
		page = b.send(page, "email", "ada@example.com", "password", password).asksCode(200)
		b.send(page, "code", h.code(app.Secret)).says("done acme pwd+otp+mfa ada@example.com")
		b.get("/authorize?account=globex").says("done globex pwd+otp+mfa ada@example.com")
	})
}

// ended reports whether the session behind a cookie is over.
func (h *house) ended(cookie string) bool {
	s, err := h.db.Session(h.t.Context(), identity.DigestOf(cookie))
	return err != nil || !s.EndedAt.IsZero()
}

func TestAStepOfAnotherTabIsNotJudgedButShownAnew(t *testing.T) {
	h := onEither(t)
	h.app(h.person("ada@example.com", h.account("acme", identity.TwoFactorAll)))
	b := h.browser()
	first := b.get("/authorize").shows(200, "Login")
	b.send(first, "email", "ada@example.com", "password", password).asksCode(200)
	b.send(first, "email", "ada@example.com", "password", "anything").asksCode(200)
	b.post("/login/switch?"+first.url.RawQuery, nil).asksCode(200)
	if h.events(identity.EventSignInRefused) != 0 || h.events(identity.EventSessionEnded) != 0 {
		t.Error("a form of an earlier step was judged")
	}
}

func TestStartAgainEndsTheSessionAndKeepsTheRequest(t *testing.T) {
	h := onEither(t)
	acme := h.account("acme", identity.TwoFactorAll)
	h.app(h.person("ada@example.com", acme))
	bob := h.app(h.person("bob@example.com", acme))
	b := h.browser()
	page := b.logIn("", "ada@example.com", password).asksCode(200)
	session := b.cookie("vestibule-session")
	page = b.press(page, "Start again").shows(200, "Login")
	if !h.ended(session) || b.cookie("vestibule-session") != "" {
		t.Error("the session lives on")
	}
	page = b.send(page, "email", "bob@example.com", "password", password).asksCode(200)
	b.send(page, "code", h.code(bob.Secret)).says("done acme pwd+otp+mfa bob@example.com")
}

// TestStartAgainForgetsTheAccountThatWasChosen, unless the client had named it: both people belong to both accounts.
func TestStartAgainForgetsTheAccountThatWasChosen(t *testing.T) {
	h := onEither(t)
	acme, globex := h.account("acme", identity.TwoFactorAll), h.account("globex", identity.TwoFactorOff)
	h.app(h.person("ada@example.com", acme, globex))
	h.app(h.person("bob@example.com", acme, globex))
	b := h.browser()
	page := b.logIn("", "ada@example.com", password).shows(200, "Choose an account")
	page = b.press(b.send(page, "account", "acme").asksCode(200), "Start again").shows(200, "Login")
	b.send(page, "email", "bob@example.com", "password", password).shows(200, "Choose an account")

	b = h.browser()
	page = b.logIn("account=acme", "ada@example.com", password).asksCode(200)
	page = b.post("/login/account?"+page.url.RawQuery, map[string][]string{"account": {"acme"}}).asksCode(200) // as if there were a choice
	page = b.press(page, "Start again").shows(200, "Login")
	b.send(page, "email", "bob@example.com", "password", password).asksCode(200)
}

func TestALevelThatCannotBeReachedIsForTheClientToHear(t *testing.T) {
	h := onEither(t)
	h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
	h.browser().logIn("acr="+identity.ACRPhishingResistant, "ada@example.com", password).says("unmet")
}

func TestWithoutARequestThePersonSeesWhereToGo(t *testing.T) {
	h := onEither(t)
	h.person("ada@example.com", h.account("acme", identity.TwoFactorAll))
	b := h.browser()
	page := b.get("/").shows(200, "Login")
	page = b.send(page, "email", "ada@example.com", "password", password).shows(200, "You are logged in")
	if !strings.Contains(page.body, `href="https://cms.example.com/login"`) {
		t.Error("the product is missing")
	}
	b.post("/login", map[string][]string{"code": {"123456"}}).shows(200, "You are logged in")
	page = b.press(page, "Log out").shows(200, "You are logged out")
	b.get("/login").shows(200, "Login")
}

func TestLeavingOneAccountKeepsTheOthersAndForgetsItsCode(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		u := h.person("ada@example.com", h.account("acme", identity.TwoFactorAll), h.account("globex", identity.TwoFactorOff))
		app, b := h.app(u), h.browser()
		b.send(b.logIn("account=acme", u.Email, password).asksCode(200), "code", h.code(app.Secret)).says("done acme pwd+otp+mfa ada@example.com")
		if one := b.get("/logout"); strings.Contains(one.body, `name="account"`) {
			t.Error("where one account is entered there is nothing to choose")
		}
		b.get("/authorize?account=globex").says("done globex pwd+otp+mfa ada@example.com")
		kept := b.cookie("vestibule-session")

		page := b.get("/logout").shows(200, "Log out?")
		if !strings.Contains(text(page.tree), "Log out of Acme Media only") {
			t.Errorf("the page reads %s", text(page.tree))
		}
		b.send(page, "account", "acme").shows(200, "You are logged in")
		if b.cookie("vestibule-session") != kept || h.ended(kept) || h.events(identity.EventSessionEnded) != 1 {
			t.Errorf("the session ended, or the leaving is not on record: %d", h.events(identity.EventSessionEnded))
		}
		b.get("/authorize?account=globex").says("done globex pwd ada@example.com")
		b.get("/authorize?account=acme").shows(200, "Acme Media asks for a code") // a login of its own, with a new code

		b.send(page, "account", "acme").shows(200, "You are logged in") // an old page says what is so already
		b.send(page, "account", "initech").shows(200, "You are logged in")
		b.send(page, "account", "globex").shows(200, "You are logged out")
		if !h.ended(kept) || b.cookie("vestibule-session") != "" {
			t.Error("who has left the last account is logged in")
		}
		b.send(page, "account", "globex").shows(200, "You are logged out")
	})
}

func TestLogoutAsksFirstAndEndsEverythingInTheBrowser(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
		b := h.browser()
		b.logIn("", "ada@example.com", password).says("done acme pwd ada@example.com")
		session := b.cookie("vestibule-session")
		page := b.get("/logout").shows(200, "Log out?")
		if h.ended(session) {
			t.Fatal("a GET has logged out")
		}
		b.press(page, "Log out everywhere").shows(200, "You are logged out")
		b.http.CheckRedirect = noRedirects
		answer := b.post("/logout", nil)
		b.http.CheckRedirect = nil
		if got := answer.header.Get("Clear-Site-Data"); got != `"cache", "storage"` {
			t.Errorf("the browser is told to drop %q", got)
		}
		b.plant("vestibule-session", session) // somebody kept the cookie
		b.get("/login").shows(200, "Login")
		b.get("/authorize").shows(200, "Login")
		if h.events(identity.EventSessionEnded) != 1 {
			t.Error("the logout is not on record")
		}
		s, err := h.db.Session(t.Context(), identity.DigestOf(session))
		if err != nil || slices.ContainsFunc(s.Entries, func(e identity.Entry) bool { return e.EndedAt.IsZero() }) {
			t.Errorf("entries live on: %v, %v", s.Entries, err)
		}
	})
}

func TestASessionThatRanOutForgetsItsCodeAndKeepsWhatWasEntered(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		app := h.app(h.person("ada@example.com", h.account("acme", identity.TwoFactorAll)))
		b := h.browser()
		b.send(b.logIn("", "ada@example.com", password).asksCode(200), "code", h.code(app.Secret)).says("done acme pwd+otp+mfa ada@example.com")
		h.wait(identity.SecondFactorIdle)
		page := b.logIn("", "ada@example.com", password).asksCode(200)
		b.send(page, "code", h.code(app.Secret)).says("done acme pwd+otp+mfa ada@example.com")
		if h.events(identity.EventSessionEnded) != 0 {
			t.Error("what products were given in the session has ended with it")
		}
	})
}

func TestRememberMeKeepsTheCookieAndNeverSkipsTheCode(t *testing.T) {
	h := onEither(t)
	app := h.app(h.person("ada@example.com", h.account("acme", identity.TwoFactorAll)))
	b := h.browser()
	b.http.CheckRedirect = noRedirects
	stay := h.setCookie(b.post("/login", map[string][]string{"email": {"ada@example.com"}, "password": {password}, "remember": {"on"}}), "vestibule-session")
	if !strings.Contains(stay, "Max-Age=2592000") {
		t.Errorf("remembered: %s", stay)
	}
	other := h.browser()
	other.http.CheckRedirect = noRedirects
	leave := h.setCookie(other.post("/login", map[string][]string{"email": {"ada@example.com"}, "password": {password}}), "vestibule-session")
	if leave == "" || strings.Contains(leave, "Max-Age") || strings.Contains(leave, "Expires") {
		t.Errorf("not remembered: %s", leave)
	}
	b.http.CheckRedirect = nil
	page := b.get("/authorize").asksCode(200)
	b.send(page, "code", h.code(app.Secret)).says("done acme pwd+otp+mfa ada@example.com")
	h.wait(25 * time.Hour)
	b.get("/authorize").shows(200, "Login")
}

// setCookie is the header that sets a cookie.
func (h *house) setCookie(s screen, name string) string {
	for _, line := range s.header.Values("Set-Cookie") {
		if strings.HasPrefix(line, name+"=") {
			return line
		}
	}
	return ""
}

func TestThePageSpeaksTheLanguageOfTheRequestBeforeTheBrowsers(t *testing.T) {
	h := onEither(t)
	h.account("acme", identity.TwoFactorOff)
	b := h.browser()
	b.get("/authorize?ui_locales=de").shows(200, "Anmelden")
	b.get("/authorize").shows(200, "Login")
}

func TestForgotPasswordBeginsWithTheAddressThatWasTyped(t *testing.T) {
	h := onEither(t)
	page := h.browser().get("/forgot?email=ada%40example.com").shows(200, "Forgot your password?")
	if page.value("email") != "ada@example.com" {
		t.Error(text(page.tree))
	}
}

func TestADisabledPersonGetsNoFurther(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorAll))
		app := h.app(ada)
		b := h.browser()
		page := b.logIn("", "ada@example.com", password).asksCode(200)
		ada.DisabledAt = h.clock()
		h.write(func(tx *storage.Tx) error { return tx.SaveUser(t.Context(), ada) })
		b.send(page, "code", h.code(app.Secret)).shows(200, "Login")
		if h.events(identity.EventCodeAccepted) != 0 {
			t.Error("the code of a disabled person was accepted")
		}
	})
}

func TestAPasswordIsHashedAnewWhenItsCostHasRisen(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
		dear := cheap
		dear.Time = 2
		var err error
		if h.hasher, err = identity.NewHasher(dear); err != nil {
			t.Fatal(err)
		}
		newBrowser(t, h.replica().URL).logIn("", "ada@example.com", password).says("done acme pwd ada@example.com")
		after, err := h.db.User(t.Context(), ada.ID)
		if err != nil || !strings.Contains(after.PasswordHash, "t=2") || after.Epoch != ada.Epoch {
			t.Errorf("%q, epoch %d, %v", after.PasswordHash, after.Epoch, err)
		}
		newBrowser(t, h.server.URL).logIn("", "ada@example.com", password).says("done acme pwd ada@example.com")
	})
}

func TestAnAnswerThatLeavesNothingToAskSkipsTheLoginPage(t *testing.T) {
	h := onEither(t)
	ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorAll), h.account("globex", identity.TwoFactorOff))
	app := h.app(ada)
	for query, next := range map[string]string{"account=globex": "/authorize/callback", "account=acme": "/login", "": "/login"} {
		b := h.browser()
		page := b.get("/authorize?" + query)
		b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		sent := b.send(page, "email", ada.Email, "password", password)
		if to := sent.header.Get("Location"); !strings.HasPrefix(to, next) {
			t.Errorf("after the password, %q: %s, want %s", query, to, next)
		}
		if query != "account=acme" {
			continue
		}
		sent = b.send(b.get(sent.header.Get("Location")), "code", h.code(app.Secret))
		if to := sent.header.Get("Location"); !strings.HasPrefix(to, "/authorize/callback") {
			t.Errorf("after the code: %s", to)
		}
	}
}
