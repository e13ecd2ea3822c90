package login

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// Caller is who acts: a browser with its cookies, on behalf of an authorization request.
type Caller struct {
	Request identity.RequestID // empty: none
	Browser string             // the secret of the browser's cookie; empty: none
	Session string             // the secret of the session's cookie; empty: none
	Origin  identity.Origin
}

// caller reads who sends a request. Cookies that cannot be ours count as none.
func (d *Door) caller(r *http.Request) Caller {
	return Caller{
		Request: requestID(r), Browser: d.secretIn(r, browserCookie), Session: d.secretIn(r, sessionCookie), Origin: d.origin(r),
	}
}

// origin is where a request came from, with an agent that every database can keep.
func (d *Door) origin(r *http.Request) identity.Origin {
	o := d.cfg.Origin(r)
	o.UserAgent = strings.ToValidUTF8(strings.ReplaceAll(o.UserAgent, "\x00", ""), "")
	return o
}

// by returns an audit event of a person's own act.
func (c Caller) by(u identity.UserID, kind identity.EventKind, now time.Time) identity.Event {
	c.Origin.Actor = identity.ActorUser(u)
	e := c.Origin.Event(kind, now)
	e.UserID = u
	return e
}

// visit is what a caller is about, read from stored state, and what comes next.
type visit struct {
	request  identity.AuthorizationRequest // zero: none
	client   identity.Client               // whose request it is; only for pages
	session  identity.Session              // zero: none
	person   identity.Person               // of the session
	decision identity.Decision
	next     string // the page of ours that the person was going to; empty: none, or there is a request. Only for pages
}

// signedIn reports whether the session's password still counts for what is asked.
func (v visit) signedIn() bool { return v.decision.Step != identity.StepSignIn }

// takesCode reports whether a code from an app, or a recovery code, would answer what the visit is asked for next.
func (v visit) takesCode() bool {
	return v.decision.Step == identity.StepSecondFactor && !v.decision.PasskeyOnly()
}

// canProve reports whether the person has a second factor for the account being entered.
func (v visit) canProve() bool { return v.person.CanProve(v.decision.Membership.Account) }

// takesAppCode reports whether the person has an app that would.
func (v visit) takesAppCode() bool { return v.takesCode() && (v.person.Confirmed || v.person.Pending) }

// look reads a visit and decides. In a transaction it holds until the commit. It fails with
// errExpired when the request cannot go on in this browser.
func look(ctx context.Context, q storage.Queries, c Caller, now time.Time) (v visit, err error) {
	if c.Request != "" {
		if v.request, err = openRequest(ctx, q, c, now); err != nil {
			return v, err
		}
	}
	if c.Session != "" {
		v.session, err = q.Session(ctx, identity.DigestOf(c.Session))
		if err == nil {
			v.person, err = q.Person(ctx, v.session.UserID, now)
		}
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return v, err
		}
	}
	v.decision = identity.Decide(now, v.person, v.session.Evidence(), v.request.Wants)
	return v, nil
}

// openRequest compares the browser before anybody learns that the request exists.
func openRequest(ctx context.Context, q storage.Queries, c Caller, now time.Time) (identity.AuthorizationRequest, error) {
	request, err := q.AuthorizationRequest(ctx, c.Request)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !(request.BrowserHash.Matches(c.Browser) && request.Open(now)) {
		return request, errExpired
	}
	return request, err
}

// done reports whether a session leaves nothing to ask for a request.
func done(now time.Time, p identity.Person, s identity.Session, request identity.AuthorizationRequest) bool {
	return request.ID != "" && identity.Decide(now, p, s.Evidence(), request.Wants).Step == identity.StepDone
}

// visit looks on behalf of a page.
func (d *Door) visit(r *http.Request) (visit, error) {
	v, err := look(r.Context(), d.cfg.DB.Queries, d.caller(r), d.cfg.Now())
	if err == nil && v.request.ID == "" {
		v.next = nextPath(r)
	}
	if err == nil && v.request.ID != "" {
		v.client, err = d.cfg.Client(r.Context(), v.request.ClientID)
	}
	return v, err
}
