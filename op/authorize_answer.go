package op

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// The response modes (OAuth 2.0 Multiple Response Type Encoding Practices, Form Post Response Mode).
const (
	modeQuery    = "query"
	modeFormPost = "form_post"
)

// errStateTooLong is shown to the person; see checkState.
var errStateTooLong = refuse(invalidRequest, "state is longer than 2048 bytes")

// errOver says that a request was answered, is too old, or began in another browser. One text for all
// three, so that nobody learns which ids exist.
var errOver = refuse(invalidRequest, "the authorization request is over, or began in another browser").with(http.StatusGone)

// giveCode decides again, on what is stored now, and if nothing is left to ask lets the person into the
// account and makes a code for the client: all of it in one transaction. A stored request is answered
// once; a second time fails with errOver.
func (p *Provider) giveCode(ctx context.Context, r identity.AuthorizationRequest, id identity.SessionID, stored bool) (secret string, d identity.Decision, err error) {
	d, err = p.enter(ctx, r, id, stored, func(tx *storage.Tx, g identity.Grant) error {
		var code identity.Code
		code, secret = identity.NewCode(g, r, g.CreatedAt)
		return tx.AddCode(ctx, code)
	})
	return secret, d, err
}

// enter is giveCode for whatever the grant is given as.
func (p *Provider) enter(ctx context.Context, r identity.AuthorizationRequest, id identity.SessionID, stored bool, give func(*storage.Tx, identity.Grant) error) (d identity.Decision, err error) {
	now := p.now()
	client, err := p.clients.get(ctx, r.ClientID)
	if err != nil {
		return d, err
	}
	err = p.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		// Read inside, so that two tabs agree on one entry and nothing that ended meanwhile counts.
		session, err := tx.SessionByID(ctx, id)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		if d, err = p.decide(ctx, tx.Queries, session, r.Wants); err != nil || d.Step != identity.StepDone {
			return err
		}
		if err := burn(ctx, tx, r, stored, now); err != nil {
			return err
		}
		entry, added := session.Enter(d.Membership.Account.ID, now)
		if added {
			if err := p.saveEntry(ctx, tx, r, session, entry, d); err != nil {
				return err
			}
		}
		// Single sign-on is use of the session: it keeps it from falling idle.
		if session.Seen(now) {
			if err := tx.SessionSeen(ctx, session); err != nil {
				return err
			}
		}
		grant := identity.NewGrant(r, session, entry, d, now)
		if err := saveGrant(ctx, tx, client, grant); err != nil {
			return err
		}
		return give(tx, grant)
	})
	p.logDecision(ctx, r, d)
	return d, err
}

// saveGrant writes a grant, and by which subject its client will know the person.
func saveGrant(ctx context.Context, tx *storage.Tx, c identity.Client, g identity.Grant) error {
	if c.SubjectType == identity.SubjectPairwise {
		known := identity.PairwiseSubject{ClientID: c.ID, Subject: c.Subject(g.UserID), UserID: g.UserID}
		if err := tx.RememberSubject(ctx, known); err != nil {
			return err
		}
	}
	return tx.AddGrant(ctx, g)
}

// burn makes sure that a request is answered once: the stored one, and the pushed one it came as.
func burn(ctx context.Context, tx *storage.Tx, r identity.AuthorizationRequest, stored bool, now time.Time) (err error) {
	if stored {
		err = tx.AnswerRequest(ctx, r.ID, now)
	}
	if err == nil && r.PushedHash != "" {
		err = tx.UsePushedRequest(ctx, r.PushedHash, now)
	}
	if errors.Is(err, storage.ErrNotFound) {
		return errOver
	}
	return err
}

// saveEntry writes that an account was entered, and by what right.
func (p *Provider) saveEntry(ctx context.Context, tx *storage.Tx, r identity.AuthorizationRequest, s identity.Session, entry identity.Entry, d identity.Decision) error {
	if err := tx.SaveEntry(ctx, entry); err != nil {
		return err
	}
	origin := originOf(ctx)
	origin.Actor = identity.ActorUser(s.UserID)
	event := origin.Event(identity.EventAccountEntered, entry.EnteredAt)
	event.UserID, event.AccountID, event.ClientID = s.UserID, entry.AccountID, r.ClientID
	event.Detail = strings.Join(d.AMR, " ")
	return tx.Record(ctx, event)
}

// sendCode answers the client.
func (p *Provider) sendCode(w http.ResponseWriter, r *http.Request, a *authorization, code string) {
	p.send(w, r, a, [][2]string{{"code", code}})
}

// sendError tells the client what is wrong. An error that is not for clients is returned, and then
// shown to the person.
func (p *Provider) sendError(w http.ResponseWriter, r *http.Request, a *authorization, err error) error {
	if errors.Is(err, errStateTooLong) {
		return err
	}
	var told *refusal
	if !errors.As(err, &told) {
		return err
	}
	p.cfg.Log.InfoContext(r.Context(), "authorization request refused", "client", a.client.ID,
		"error", told.code, "description", told.description, "request_id", originOf(r.Context()).RequestID)
	p.send(w, r, a, [][2]string{{"error", told.code}, {"error_description", told.description}})
	return nil
}

// send brings an answer to the client's redirect URI, with its state, and with our name so that it
// cannot be taken for the answer of another provider (RFC 9207).
func (p *Provider) send(w http.ResponseWriter, r *http.Request, a *authorization, fields [][2]string) {
	if a.request.State != "" {
		fields = append(fields, [2]string{"state", a.request.State})
	}
	fields = append(fields, [2]string{"iss", p.cfg.Issuer})
	if a.request.ResponseMode == modeFormPost {
		p.cfg.Pages.FormPost(w, r, a.request.RedirectURI, fields, a.client)
		return
	}
	seeOther(w, withQuery(a.request.RedirectURI, fields))
}

// withQuery adds fields to a registered URI, which stays as it is, byte for byte.
func withQuery(uri string, fields [][2]string) string {
	separator := "?"
	switch {
	case strings.HasSuffix(uri, "?"), strings.HasSuffix(uri, "&"):
		separator = ""
	case strings.Contains(uri, "?"):
		separator = "&"
	}
	var b strings.Builder
	b.WriteString(uri)
	for _, field := range fields {
		b.WriteString(separator + field[0] + "=" + url.QueryEscape(field[1]))
		separator = "&"
	}
	return b.String()
}

// seeOther redirects with 303, which turns a POST into a GET: a form a person filled in never travels
// on to a client (RFC 9700 §4.12).
func seeOther(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}
