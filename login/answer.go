package login

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// page is any page of package templates.
type page interface {
	Render(io.Writer, templates.Frame) error
}

// refused is the error of an act that may not be done for a reason the person is told. The page
// it came from comes back with it.
type refused struct {
	Reason templates.Refusal
	Wait   time.Duration // until another try makes sense, or what else the reason tells; zero: at once
}

// Error implements error.
func (r refused) Error() string { return "refused: " + r.Reason.Key() }

// comesBack is the error of a form that was refused: the page to show again.
type comesBack struct {
	page
	request identity.AuthorizationRequest
	refused
}

// problem is the error of something that is not there or not allowed; it becomes the error page.
type problem struct{ status int }

// Error implements error.
func (p problem) Error() string { return http.StatusText(p.status) }

var (
	// errExpired says that an authorization request cannot go on here: unknown, too old, answered,
	// or begun in another browser. Nobody is told which (SECURITY R35).
	errExpired = errors.New("the authorization request is over or belongs to another browser")

	// errOutdated says that stored state is not what the form was made for: another tab was
	// quicker. The way on is to decide again.
	errOutdated = errors.New("the state has changed meanwhile")
)

// page makes a handler of one that returns an error. It is the one place where errors become
// responses.
func (d *Door) page(handle func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		d.guard(w, identity.AuthorizationRequest{})
		err := readForm(w, r)
		if err == nil {
			err = handle(w, r)
		}
		if err != nil {
			d.answer(w, r, err)
		}
	}
}

// answer turns an error into a response. What it does not recognise is our fault: the person gets
// the number of the request and the log gets the rest.
func (d *Door) answer(w http.ResponseWriter, r *http.Request, err error) {
	var again comesBack
	var gone problem
	switch {
	case errors.As(err, &again):
		err = d.write(w, r, refusalStatus(w, again.refused), again.page, again.request)
	case errors.Is(err, errExpired):
		err = d.write(w, r, http.StatusBadRequest, templates.Problem{Kind: templates.ExpiredRequest, Status: http.StatusBadRequest}, identity.AuthorizationRequest{})
	case errors.As(err, &gone):
		d.Problem(w, r, gone.status)
		return
	case errors.Is(err, storage.ErrNotFound): // it was there a moment ago
		d.Problem(w, r, http.StatusNotFound)
		return
	case errors.Is(err, storage.ErrUnavailable), errors.Is(err, identity.ErrBusy),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		d.cfg.Log.WarnContext(r.Context(), "cannot serve now", "error", err, "request_id", d.origin(r).RequestID)
		d.Problem(w, r, http.StatusServiceUnavailable)
		return
	}
	if err != nil {
		d.cfg.Log.ErrorContext(r.Context(), "page failed", "route", route(r), "error", err, "request_id", d.origin(r).RequestID)
		d.Problem(w, r, http.StatusInternalServerError)
	}
}

// route is the pattern a request matched: a path may hold the secret of a link.
func route(r *http.Request) string {
	if c := chi.RouteContext(r.Context()); c != nil {
		return c.RoutePattern()
	}
	return "" // a page for the other door
}

// refusalStatus is 422, or 429 with Retry-After when only time helps.
func refusalStatus(w http.ResponseWriter, no refused) int {
	if no.Wait <= 0 || no.Reason == templates.ClockOff {
		return http.StatusUnprocessableEntity
	}
	retryAfter(w, no.Wait)
	return http.StatusTooManyRequests
}

// retryAfter is in whole seconds (RFC 9110 §10.2.3), rounded up so that nobody comes too early.
func retryAfter(w http.ResponseWriter, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
}

// show writes a page that nothing is wrong with.
func (d *Door) show(w http.ResponseWriter, r *http.Request, p page, request identity.AuthorizationRequest) error {
	return d.write(w, r, http.StatusOK, p, request)
}

// write renders a page, in the language of the request or of the browser, before it writes any of
// it. The page's forms may end at the request's client.
func (d *Door) write(w http.ResponseWriter, r *http.Request, status int, p page, request identity.AuthorizationRequest) error {
	frame := templates.Frame{
		Lang:    templates.Language(r.Header.Get("Accept-Language"), request.UILocales),
		Product: d.cfg.Product, RequestID: d.origin(r).RequestID,
	}
	var out bytes.Buffer
	if err := p.Render(&out, frame); err != nil {
		return err
	}
	d.guard(w, request)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err := out.WriteTo(w)
	if err != nil { // the browser went away; there is nobody left to tell
		d.cfg.Log.DebugContext(r.Context(), "page was not taken", "error", err)
	}
	return nil
}

// guard sets the headers every page carries, whatever stands in front of the door.
func (d *Door) guard(w http.ResponseWriter, request identity.AuthorizationRequest) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin") // with no-referrer browsers post "Origin: null" (R40)
	h.Set("Content-Security-Policy", contentPolicy(request.RedirectURI))
}

// contentPolicy allows forms to end at a client, because browsers apply form-action to the whole
// chain of redirects that a form sets off (SECURITY R41).
func contentPolicy(redirectURI string) string {
	return "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
		"base-uri 'none'; frame-ancestors 'none'; form-action 'self'" + sourceOf(redirectURI)
}

// sourceOf is a URI's origin as a source of a content policy; that of an app's own scheme is the
// scheme alone.
func sourceOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme == "" || strings.ContainsAny(u.Host, "[];,'\"*") {
		return "" // not expressible, or it would change the policy
	}
	if u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Sprintf(" %s:", u.Scheme)
	}
	return fmt.Sprintf(" %s://%s", u.Scheme, u.Host)
}

// seeOther sends the browser on with a GET, so that a reload repeats nothing.
func seeOther(w http.ResponseWriter, r *http.Request, to string) error {
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
