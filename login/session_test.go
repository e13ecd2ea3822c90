package login_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

func noRedirects(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func TestR33_CookiesAreHostBoundSecureAndOpaque(t *testing.T) {
	h := onEither(t)
	h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
	door := h.doorAt("https://id.example.com")
	seen := map[string]bool{}
	for range 50 {
		form := strings.NewReader(url.Values{"email": {"ada@example.com"}, "password": {password}}.Encode())
		request := httptest.NewRequest(http.MethodPost, "https://id.example.com/login", form)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer := httptest.NewRecorder()
		door.Handler().ServeHTTP(answer, request)
		cookies := answer.Result().Cookies()
		if len(cookies) != 2 {
			t.Fatalf("%d cookies: %v", len(cookies), cookies)
		}
		for _, c := range cookies {
			if !strings.HasPrefix(c.Name, "__Host-vestibule-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("%s", c.Raw)
			}
			if !regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`).MatchString(c.Value) || seen[c.Value] {
				t.Errorf("%q is short or came twice", c.Value)
			}
			seen[c.Value] = true
		}
	}
}

func TestR33_ABrowserCookieThatIsNotOursIsReplaced(t *testing.T) {
	h := onEither(t)
	h.enrolled()
	for _, planted := range []string{"a", strings.Repeat("x", 42), strings.Repeat("x", 44)} {
		b := h.browser()
		b.plant("vestibule-browser", planted)
		b.logIn("", "ada@example.com", password).asksCode(200)
		if b.cookie("vestibule-browser") == planted {
			t.Errorf("%q tells a browser from others", planted)
		}
	}
}

func TestR34_TheSessionsCookieChangesWithEveryProof(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, app := h.enrolled()
		b := h.browser()
		page := b.logIn("", "ada@example.com", password).asksCode(200)
		afterPassword := b.cookie("vestibule-session")
		b.send(page, "code", h.code(app.Secret)).says("done acme pwd+otp+mfa ada@example.com")
		afterCode := b.cookie("vestibule-session")
		h.wait(time.Second)
		b.send(b.get("/authorize?prompt=login").shows(200, "Login"), "email", "ada@example.com", "password", password).asksCode(200)
		again := b.cookie("vestibule-session")
		if afterPassword == afterCode || afterCode == again {
			t.Error("the cookie stayed the same")
		}
		for _, old := range []string{afterPassword, afterCode} {
			thief := h.browser()
			thief.plant("vestibule-session", old)
			thief.get("/login").shows(200, "Login")
			thief.get("/authorize").shows(200, "Login")
		}
	})
}

func TestR34_APlantedCookieOpensNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorOff)
		h.person("ada@example.com", acme)
		h.person("mallory@example.com", acme)
		for _, planted := range []string{identity.NewSecret(), "session", ""} {
			b := h.browser()
			b.plant("vestibule-session", planted)
			b.logIn("", "ada@example.com", password).says("done acme pwd ada@example.com")
			if b.cookie("vestibule-session") == planted {
				t.Error("the planted cookie became a session")
			}
		}
		// The attacker's own session, planted into the victim's browser.
		mallory := h.browser()
		mallory.logIn("", "mallory@example.com", password).says("done acme pwd mallory@example.com")
		h.wait(time.Second)
		victim := h.browser()
		victim.plant("vestibule-session", mallory.cookie("vestibule-session"))
		page := victim.get("/authorize?prompt=login").shows(200, "Login")
		victim.send(page, "email", "ada@example.com", "password", password).says("done acme pwd ada@example.com")
		mallory.get("/authorize").shows(200, "Login")
		if h.events(identity.EventSessionEnded) != 1 {
			t.Error("the planted session has not ended")
		}
	})
}

func TestR35_ARequestBelongsToTheBrowserThatBeganIt(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, app := h.enrolled()
		x, y := h.browser(), h.browser()
		y.get("/authorize").shows(200, "Login") // y has a cookie of its own
		page := x.get("/authorize").shows(200, "Login")
		here := page.url.String()
		other := y.get(here).shows(400, "This login has expired")
		unknown := y.get("/login?request="+identity.NewID()).shows(400, "This login has expired")
		if other.body != unknown.body {
			t.Error("somebody else's request is told apart from none")
		}
		h.browser().get(here).shows(400, "This login has expired")
		credentials := url.Values{"email": {"ada@example.com"}, "password": {password}}
		y.post(here, credentials).shows(400, "This login has expired")

		page = x.send(page, "email", "ada@example.com", "password", password).asksCode(200)
		y.plant("vestibule-session", x.cookie("vestibule-session"))
		for _, path := range []string{"/login", "/login/account", "/login/switch", "/login/enrollment"} {
			y.post(path+"?"+page.url.RawQuery, url.Values{"code": {h.code(app.Secret)}, "account": {"acme"}}).shows(400, "This login has expired")
		}
		x.send(page, "code", h.code(app.Secret)).says("done acme pwd+otp+mfa ada@example.com")
		x.get(here).shows(400, "This login has expired").refuses("It is done already") // where Back leads
	})
}

func TestR35_ARequestEndsAfterTenMinutes(t *testing.T) {
	h := onEither(t)
	h.enrolled()
	b := h.browser()
	page := b.get("/authorize").shows(200, "Login")
	h.wait(identity.AuthorizationRequestLifetime)
	b.send(page, "email", "ada@example.com", "password", password).shows(400, "This login has expired")
}

func TestR38_OneCookieServesAnyNumberOfTabs(t *testing.T) {
	h := onEither(t)
	h.enrolled()
	b := h.browser()
	first := b.get("/authorize")
	for range 50 {
		b.get("/authorize")
	}
	u, _ := url.Parse(b.base)
	if n := len(b.jar.Cookies(u)); n != 1 {
		t.Errorf("%d cookies", n)
	}
	b.send(first, "email", "ada@example.com", "password", password).asksCode(200)
}

// posts are all routes that change something.
var posts = []string{"/login", "/login/account", "/login/switch", "/login/restart", "/login/enrollment", "/enroll", "/enroll/code", "/logout", "/forgot", "/reset", "/lost", "/not-me", "/passkeys/options/sign-in", "/settings/passkeys/new", "/device", "/login/device"}

func TestR39_FormsOfOtherSitesAreRefused(t *testing.T) {
	h := onEither(t)
	_, app := h.enrolled()
	b := h.browser()
	page := b.logIn("", "ada@example.com", password).asksCode(200)
	for _, path := range posts {
		for name, headers := range map[string][2]string{
			"Fetch metadata":    {"Sec-Fetch-Site", "cross-site"},
			"a sibling's":       {"Sec-Fetch-Site", "same-site"},
			"an older browser":  {"Origin", "https://evil.example"},
			"a page of nowhere": {"Origin", "null"},
		} {
			form := url.Values{"email": {"ada@example.com"}, "password": {password}, "code": {h.code(app.Secret)}, "account": {"acme"}}
			request, _ := http.NewRequest(http.MethodPost, h.server.URL+path+"?"+page.url.RawQuery, strings.NewReader(form.Encode()))
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			request.Header.Set(headers[0], headers[1])
			if answer := b.do(request); answer.status != 403 || answer.heading() != "This is not open to you" {
				t.Errorf("%s, %s: %d %q", path, name, answer.status, answer.heading())
			}
		}
	}
	if h.ended(b.cookie("vestibule-session")) || h.events(identity.EventCodeAccepted) != 0 {
		t.Error("a foreign form did something")
	}
	request, _ := http.NewRequest(http.MethodPost, h.server.URL+"/logout", nil)
	request.Header.Set("Origin", h.server.URL)
	if answer := b.do(request); answer.status != 200 {
		t.Errorf("our own form: %d", answer.status)
	}
}

func TestR39_AGetChangesNothing(t *testing.T) {
	h := onEither(t)
	h.enrolled()
	b := h.browser()
	page := b.logIn("", "ada@example.com", password).asksCode(200)
	session := b.cookie("vestibule-session")
	for _, path := range posts {
		answer := b.get(path + "?" + page.url.RawQuery + "&code=123456&account=acme&password=x&email=y")
		if answer.status >= 500 {
			t.Errorf("%s: %d", path, answer.status)
		}
	}
	if h.ended(session) || b.cookie("vestibule-session") != session || h.events(identity.EventCodeRefused) != 0 || len(h.letters()) != 0 {
		t.Error("a GET did something")
	}
}

func TestR43_EveryPageIsGuardedByItsHeaders(t *testing.T) {
	h := onEither(t)
	h.enrolled()
	b := h.browser()
	login := b.get("/authorize")
	pages := map[string]screen{
		"login": login, "login, refused": b.send(login, "email", "x@example.com", "password", "y"),
		"code": b.send(login, "email", "ada@example.com", "password", password), "signed in": b.get("/login"),
		"logout": b.get("/logout"), "forgot": b.get("/forgot"), "link": b.get("/enroll"), "not found": b.get("/nothing/here"),
		"not allowed": b.post("/forgot/sent", nil), "expired": b.get("/login?request=x"), "bad": b.get("/login?a=%ff"),
	}
	for name, page := range pages {
		for header, want := range map[string]string{
			"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff", "Content-Type": "text/html; charset=utf-8",
		} {
			if got := page.header.Get(header); got != want {
				t.Errorf("%s: %s is %q", name, header, got)
			}
		}
		const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
		want := policy
		if strings.HasPrefix(name, "login") || name == "code" { // R41: the form's redirects end at the client
			want += " https://cms.example.com"
		}
		if got := page.header.Get("Content-Security-Policy"); got != want {
			t.Errorf("%s: policy %q", name, got)
		}
	}
	if pages["not found"].status != 404 || pages["not allowed"].status != 405 || pages["bad"].status != 400 {
		t.Errorf("%d %d %d", pages["not found"].status, pages["not allowed"].status, pages["bad"].status)
	}
}

func TestTheFormForAClientMayEndOnlyAtThatClient(t *testing.T) {
	h := onEither(t)
	for action, want := range map[string]string{
		"https://cms.example.com:8443/callback?x=1": "form-action 'self' https://cms.example.com:8443",
		"http://localhost:8081/callback":            "form-action 'self' http://localhost:8081",
		"com.example.app:/callback":                 "form-action 'self' com.example.app:",
		"https://evil.example;script-src/":          "form-action 'self'",
		"http://[::1]:8081/callback":                "form-action 'self'",
	} {
		answer := httptest.NewRecorder()
		h.door.FormPost(answer, httptest.NewRequest(http.MethodGet, "/authorize/callback", nil), action, [][2]string{{"code", "c"}, {"state", `"><b>`}}, identity.Client{Name: "CMS"})
		if got := answer.Header().Get("Content-Security-Policy"); !strings.HasSuffix(got, "; "+want) {
			t.Errorf("%s: %q", action, got)
		}
		if strings.Contains(answer.Body.String(), "<b>") {
			t.Error("the state is markup")
		}
	}
}

func TestThePagesForTheOtherDoor(t *testing.T) {
	h := onEither(t)
	h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
	client := &identity.Client{Name: "CMS <3", PostLogoutURIs: []string{"https://cms.example.com/bye"}}
	b := h.browser()
	b.logIn("", "ada@example.com", password).says("done acme pwd ada@example.com")
	request := httptest.NewRequest(http.MethodGet, "/end_session", nil)
	request.AddCookie(&http.Cookie{Name: "vestibule-session", Value: b.cookie("vestibule-session")})
	for _, row := range []struct {
		show func(http.ResponseWriter)
		want []string
	}{
		{func(w http.ResponseWriter) { h.door.ConfirmLogout(w, request, client) }, []string{"CMS &lt;3</bdi></strong> asks to log you out", "ada@example.com", `action="/logout"`}},
		{func(w http.ResponseWriter) { h.door.ConfirmLogout(w, request, nil) }, []string{"Log out everywhere"}},
		{func(w http.ResponseWriter) { h.door.LoggedOut(w, request, client) }, []string{"You are logged out", `href="https://cms.example.com/bye"`}},
		{func(w http.ResponseWriter) { h.door.LoggedOut(w, request, nil) }, []string{"You are logged out"}},
		{func(w http.ResponseWriter) { h.door.Problem(w, request, 503) }, []string{"Many people are logging in", "http-request-1"}},
		{func(w http.ResponseWriter) { h.door.Problem(w, request, 500) }, []string{"Something went wrong here"}},
		{func(w http.ResponseWriter) { h.door.Problem(w, request, 418) }, []string{"We do not understand this request"}},
	} {
		answer := httptest.NewRecorder()
		row.show(answer)
		for _, want := range row.want {
			if !strings.Contains(answer.Body.String(), want) {
				t.Errorf("%q is missing in %s", want, answer.Body)
			}
		}
	}
}
