package login

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// The addresses of Settings that other pages lead to.
const (
	settingsPath = "/settings"
	profilePath  = "/settings/profile"
	sessionsPath = "/settings/sessions"
	confirmPath  = "/settings/confirm"
)

// ownPage is a page that belongs to the person who is logged in. It serves no client: the visit has no authorization request.
type ownPage func(w http.ResponseWriter, r *http.Request, v visit) error

// own lets in whoever is logged in, with a second factor if they have one. Others are sent to prove what is missing, and come back
// from there.
func (d *Door) own(handle ownPage) http.HandlerFunc {
	return d.signedIn(func(w http.ResponseWriter, r *http.Request, v visit) error {
		if identity.DecideOwn(d.cfg.Now(), v.person, v.session.Evidence()) != identity.StepDone {
			return seeOther(w, r, withNext(confirmPath, pageAt(r)))
		}
		return handle(w, r, v)
	})
}

// signedIn lets in whoever has said in this session who they are, and sends others to the login page. It is enough for the page that asks
// for more; everything else is for own.
func (d *Door) signedIn(handle ownPage) http.HandlerFunc {
	return d.page(func(w http.ResponseWriter, r *http.Request) error {
		v, err := look(r.Context(), d.cfg.DB.Queries, d.self(r), d.cfg.Now())
		if err != nil {
			return err
		}
		if !v.signedIn() {
			return seeOther(w, r, withNext("/login", pageAt(r)))
		}
		return handle(w, r, v)
	})
}

// self is the caller of a page of their own, on behalf of nobody else.
func (d *Door) self(r *http.Request) Caller {
	c := d.caller(r)
	c.Request = ""
	return c
}

// showOwn writes a page in the language the person has chosen.
func (d *Door) showOwn(w http.ResponseWriter, r *http.Request, v visit, p page) error {
	return d.show(w, r, p, v.words())
}

// words stands for a request that asks for nothing but the language of the person.
func (v visit) words() identity.AuthorizationRequest {
	return identity.AuthorizationRequest{UILocales: v.person.Locale}
}

// settingsHead is the frame of a tab.
func settingsHead(v visit, tab templates.SettingsTab) templates.SettingsHead {
	return templates.SettingsHead{Tab: tab, Name: v.person.Name, Email: v.person.Email, LogoutURL: "/logout"}
}

// ownPath matches the addresses a person can be sent back to after a login. It is a list of what may be there, so that nothing
// in the parameter leads out of the house.
var ownPath = regexp.MustCompile(`^/settings(/[A-Za-z0-9_-]+)*$`)

// nextPath is where the person was going; empty: nowhere of ours.
func nextPath(r *http.Request) string {
	next := r.URL.Query().Get("next")
	if !ownPath.MatchString(next) || next == confirmPath {
		return ""
	}
	return next
}

// withNext returns a path of ours that leads on to another one; empty: to none.
func withNext(at, next string) string {
	if next == "" {
		return at
	}
	return at + "?next=" + url.QueryEscape(next)
}

// pageAt is the page to come back to: the one asked for, or, for a form that is posted to an address without a page, the nearest
// page above it.
func pageAt(r *http.Request) string {
	at := r.URL.Path
	routes := chi.RouteContext(r.Context()).Routes
	for ownPath.MatchString(at) && !routes.Match(chi.NewRouteContext(), http.MethodGet, at) {
		at = path.Dir(at)
	}
	if !ownPath.MatchString(at) {
		return settingsPath
	}
	return at
}

// asThemselves does an act of a person on what is their own, in one transaction in which they are still signed in. What changes how
// they log in asks for more, see mustBeFresh.
func (d *Door) asThemselves(ctx context.Context, c Caller, now time.Time, act func(*storage.Tx, visit) error) error {
	return d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		v, err := look(ctx, tx.Queries, c, now)
		if err != nil {
			return err
		}
		if identity.DecideOwn(now, v.person, v.session.Evidence()) != identity.StepDone {
			return errOutdated
		}
		return act(tx, v)
	})
}
