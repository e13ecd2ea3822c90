package login

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// mailed is a one-time link from a letter with whom it is for. A link nobody knows is the zero value.
type mailed struct {
	link   identity.Link
	person identity.Person // zero: nobody yet, or the link is unknown
	now    time.Time
}

// state judges the link now; empty for one nobody knows. Links of the disabled are worth nothing.
func (m mailed) state() identity.LinkState {
	if m.person.Disabled() {
		return ""
	}
	return m.link.State(m.person.User, m.now)
}

// mailedCookie names the cookie in which a link waits once it has left the address bar. One for each purpose: a person may
// have a reset and an invitation open.
func mailedCookie(p identity.LinkPurpose) string { return "vestibule-" + string(p) }

// cleanPath is the page of a purpose, without a secret. That of a sign-up has a name of its own, because signing up begins at
// the shorter one.
func cleanPath(p identity.LinkPurpose) string {
	if p == identity.LinkSignUp {
		return signUpFinishPath
	}
	return strings.TrimSuffix(mail.LinkPath(p), "/")
}

// openLink is where a link from a letter lands: it moves the secret out of the address bar into a cookie, and changes nothing,
// because scanners open links (SECURITY R29).
func (d *Door) openLink(p identity.LinkPurpose) http.HandlerFunc {
	return d.page(func(w http.ResponseWriter, r *http.Request) error {
		secret := chi.URLParam(r, "secret")
		if !secretShape.MatchString(secret) {
			return d.showLinkGone(w, r, mailed{}, templates.NextLogin, d.LoginURL(""))
		}
		d.setCookie(w, mailedCookie(p), secret, linkLifetime)
		return seeOther(w, r, cleanPath(p))
	})
}

// mailedLink returns the secret of the link that this browser has opened for a purpose; empty: none.
func (d *Door) mailedLink(r *http.Request, p identity.LinkPurpose) string {
	return d.secretIn(r, mailedCookie(p))
}

// mailedIn reads what the browser's link of a purpose is about; a link that is unknown, or is good for something else, is
// the zero value.
func (d *Door) mailedIn(r *http.Request, p identity.LinkPurpose) (mailed, error) {
	return readMailed(r.Context(), d.cfg.DB.Queries, d.mailedLink(r, p), p, d.cfg.Now())
}

// readMailed reads a link; in a transaction what it says holds until the commit.
func readMailed(ctx context.Context, q storage.Queries, secret string, p identity.LinkPurpose, now time.Time) (m mailed, err error) {
	if secret == "" {
		return mailed{}, nil
	}
	m.now = now
	m.link, err = q.Link(ctx, identity.DigestOf(secret))
	if errors.Is(err, storage.ErrNotFound) || err == nil && m.link.Purpose != p {
		return mailed{}, nil
	}
	if err != nil || m.link.UserID == "" {
		return m, err
	}
	m.person, err = q.Person(ctx, m.link.UserID, now)
	return m, err
}

// forgetLink drops the cookie of a link that has done its work.
func (d *Door) forgetLink(w http.ResponseWriter, p identity.LinkPurpose) {
	d.setCookie(w, mailedCookie(p), "", -1)
}

var linkGone = map[identity.LinkState]templates.GoneReason{
	identity.LinkExpired: templates.LinkExpired, identity.LinkUsed: templates.LinkUsed, identity.LinkSuperseded: templates.LinkSuperseded,
}

// showLinkGone says why a link leads nowhere, and where another one comes from.
func (d *Door) showLinkGone(w http.ResponseWriter, r *http.Request, m mailed, next templates.NextStep, nextURL string) error {
	return d.showGoneFor(w, r, m.state(), next, nextURL)
}

// showGoneFor is showLinkGone for a link that somebody else has judged.
func (d *Door) showGoneFor(w http.ResponseWriter, r *http.Request, state identity.LinkState, next templates.NextStep, nextURL string) error {
	reason := linkGone[state]
	status := http.StatusGone
	if reason == templates.LinkUnknown {
		status = http.StatusNotFound
	}
	return d.write(w, r, status, templates.LinkGone{Reason: reason, Next: next, NextURL: nextURL}, identity.AuthorizationRequest{})
}
