package demo

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
)

// client is one running sample product.
type client struct {
	cfg       ClientConfig
	discovery *discovery
	flows     *flows
	sessions  *sessions
}

// NewClient returns a sample product. It fails when a required field of cfg is missing
// and says which; it does not need the provider to be up.
func NewClient(cfg ClientConfig) (http.Handler, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	c := &client{cfg: cfg, flows: &flows{}, sessions: &sessions{}}
	c.discovery = &discovery{cfg: &c.cfg}
	return c.routes(), nil
}

// routes is everything the product answers.
func (c *client) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", c.showHome)
	mux.HandleFunc("GET /login", c.page(c.startLogin))
	mux.HandleFunc("POST /login", c.page(c.startLogin))
	mux.HandleFunc("GET /callback", c.page(c.finishLogin))
	mux.HandleFunc("POST /refresh", c.page(c.submitRefresh))
	mux.HandleFunc("POST /userinfo", c.page(c.submitUserinfo))
	mux.HandleFunc("POST /logout", c.page(c.submitLogout))
	mux.HandleFunc("POST /backchannel-logout", c.receiveLogoutToken)
	mux.Handle("GET /assets/", assets())

	// Products on other ports of localhost are the same site, so SameSite cookies do not
	// keep their forms away; the Origin and Sec-Fetch-Site headers do.
	guard := http.NewCrossOriginProtection()
	// OpenID Connect Core 4: a login may be initiated by another site, by POST as well.
	guard.AddInsecureBypassPattern("POST /login")
	return c.secured(guard.Handler(mux))
}

// page turns a handler's error into the product's own page: a product shows what went
// wrong in place, with the way on beside it.
func (c *client) page(handle func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := handle(w, r)
		if err == nil {
			return
		}
		var shown problem
		if !errors.As(err, &shown) {
			shown = refused(err)
		}
		c.cfg.Log.Warn("request refused", "path", r.URL.Path, "code", shown.Code)
		c.renderHome(w, r, &shown)
	}
}

// secured sets the headers every answer carries.
func (c *client) secured(next http.Handler) http.Handler {
	// Browsers hold form-action against the whole chain of redirects, and the login and
	// logout forms lead to the provider.
	provider, _ := originOf(c.cfg.Issuer)
	policy := "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; " +
		"frame-ancestors 'none'; form-action 'self' " + provider
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		// The callback URL holds a code; it must not travel to the other product.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		next.ServeHTTP(w, r)
	})
}

// cookie names one of the product's two cookies. Cookies ignore ports, so two products on
// localhost would overwrite each other's if the name did not tell them apart.
func (c *client) cookie(purpose string) string {
	sum := sha256.Sum256([]byte(c.cfg.BaseURL + " " + c.cfg.ClientID))
	name := string(c.cfg.Look) + "_" + purpose + "_" + hex.EncodeToString(sum[:4])
	if c.https() {
		return "__Host-" + name
	}
	return name
}

func (c *client) https() bool { return strings.HasPrefix(c.cfg.BaseURL, "https://") }

// setCookie sets a cookie that ends with the browser. Lax and not Strict, because the
// provider's redirect to /callback comes from another site and must carry it.
func (c *client) setCookie(w http.ResponseWriter, purpose, value string) {
	http.SetCookie(w, &http.Cookie{
		Name: c.cookie(purpose), Value: value, Path: "/",
		HttpOnly: true, Secure: c.https(), SameSite: http.SameSiteLaxMode,
	})
}

func (c *client) cookieValue(r *http.Request, purpose string) string {
	cookie, err := r.Cookie(c.cookie(purpose))
	if err != nil {
		return ""
	}
	return cookie.Value
}

// browser returns the value that ties flows to this browser, and sets it at first use. All
// tabs share it; it proves nothing about a person.
func (c *client) browser(w http.ResponseWriter, r *http.Request) string {
	if known := c.cookieValue(r, "browser"); known != "" {
		return known
	}
	fresh := rand.Text()
	c.setCookie(w, "browser", fresh)
	return fresh
}

// current returns the browser's session, ended ones included.
func (c *client) current(r *http.Request) (id string, found session, ok bool) {
	id = c.cookieValue(r, "session")
	found, ok = c.sessions.get(id, c.cfg.Now())
	return id, found, ok
}

// enter logs the browser in under a new session id and drops the one it had before.
func (c *client) enter(w http.ResponseWriter, r *http.Request, born session) {
	c.sessions.remove(c.cookieValue(r, "session"))
	id := rand.Text()
	c.sessions.add(id, born, c.cfg.Now())
	c.setCookie(w, "session", id)
}
