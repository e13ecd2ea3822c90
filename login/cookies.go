package login

import (
	"net/http"
	"regexp"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// The cookies. Each holds a secret of 256 bits and nothing else; the server keeps its digest alone.
const (
	sessionCookie = "vestibule-session"
	browserCookie = "vestibule-browser"    // which browser this is, logged in or not
	linkCookie    = "vestibule-enrollment" // the link from the letter, once it has left the address bar
)

// How long browsers keep them. A session's cookie goes with the browser window unless the person
// asked to be remembered.
const (
	browserLifetime = 180 * 24 * time.Hour
	linkLifetime    = time.Hour
)

// secretShape is what [identity.NewSecret] makes. Anything else in a cookie or a link is nobody's.
var secretShape = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// cookieName carries the __Host- prefix where browsers honour it: such a cookie cannot be planted
// from a sibling domain or over plain http (SECURITY R33).
func (d *Door) cookieName(name string) string {
	if d.secure {
		return "__Host-" + name
	}
	return name
}

// secretIn returns the secret in a cookie, or "". A browser that sends the name twice is taken at
// the first one that can be ours.
func (d *Door) secretIn(r *http.Request, name string) string {
	for _, c := range r.CookiesNamed(d.cookieName(name)) {
		if secretShape.MatchString(c.Value) {
			return c.Value
		}
	}
	return ""
}

// setCookie writes a cookie. Lax, because people come from the pages of products and from letters.
// A lifetime of zero means until the browser is closed, a negative one removes the cookie.
func (d *Door) setCookie(w http.ResponseWriter, name, secret string, lifetime time.Duration) {
	seconds := int(lifetime.Seconds())
	if lifetime < 0 {
		seconds = -1
	}
	http.SetCookie(w, &http.Cookie{
		Name: d.cookieName(name), Value: secret, Path: "/", MaxAge: seconds,
		Secure: d.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// Browser returns the secret that tells this browser from others, giving it one when it has none.
// One cookie serves all logins, so the number of open tabs does not make it grow (SECURITY R38).
func (d *Door) Browser(w http.ResponseWriter, r *http.Request) string {
	secret := d.secretIn(r, browserCookie)
	if secret == "" {
		secret = identity.NewSecret()
		d.setCookie(w, browserCookie, secret, browserLifetime)
		// Whoever asks again while this request lasts gets the same answer.
		r.AddCookie(&http.Cookie{Name: d.cookieName(browserCookie), Value: secret})
	}
	return secret
}

// Session returns the session whose cookie the browser shows, or storage.ErrNotFound. Whether it
// still counts is for [identity.Decide] to say.
func (d *Door) Session(r *http.Request) (identity.Session, error) {
	secret := d.secretIn(r, sessionCookie)
	if secret == "" {
		return identity.Session{}, storage.ErrNotFound
	}
	return d.cfg.DB.Session(r.Context(), identity.DigestOf(secret))
}

// Forget drops the session cookie, and asks the browser to drop what it keeps of our pages. The other
// cookies stay: they say nothing about a person, and logins under way in other tabs need them.
func (d *Door) Forget(w http.ResponseWriter) {
	d.setCookie(w, sessionCookie, "", -1)
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
}

// Cookie is what a browser gets for a proof: the new secret of its session.
type Cookie struct {
	Secret   string
	Remember bool // keep it when the browser is closed
	Done     bool // nothing is left to ask for the request
}

// setSession replaces the session's cookie; the secret it held before is worth nothing any more.
func (d *Door) setSession(w http.ResponseWriter, c Cookie) {
	lifetime := time.Duration(0)
	if c.Remember {
		lifetime = identity.RememberedLifetime
	}
	d.setCookie(w, sessionCookie, c.Secret, lifetime)
}
