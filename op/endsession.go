package op

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// farewell is a logout request while it is checked (OpenID Connect RP-Initiated Logout §2).
type farewell struct {
	client *identity.Client // nil: unknown
	entry  identity.SessionEntryID
	valid  bool   // the hint is an ID token of ours, and of the client that is named
	back   string // where to return to; only with a valid hint
}

// endSession is the end session endpoint.
func (p *Provider) endSession(w http.ResponseWriter, r *http.Request) {
	if err := p.logOut(w, r); err != nil {
		p.problem(w, r, err)
	}
}

// logOut ends the session of this browser if the client shows an ID token from it. With any other token, or
// none, the person is asked, and is not sent back: a link on a foreign page must not log anybody out, nor
// use us to hide where it leads (SECURITY R71, R72).
func (p *Provider) logOut(w http.ResponseWriter, r *http.Request) error {
	f, err := p.readFarewell(r)
	if err != nil {
		return err
	}
	if again := asGET(r, pathEndSession); again != "" {
		seeOther(w, again)
		return nil
	}
	session, err := p.session(r)
	if err != nil {
		return err
	}
	// Idle for too long or not: what has not ended can be ended.
	live := session.ID != "" && session.EndedAt.IsZero()
	switch {
	case live && !(f.valid && hasEntry(session, f.entry)):
		p.cfg.Pages.ConfirmLogout(w, r, f.client)
		return nil
	case live:
		if err := p.endEverything(r.Context(), session, *f.client); err != nil {
			return err
		}
		p.cfg.Forget(w)
	}
	if f.back != "" {
		seeOther(w, f.back)
		return nil
	}
	p.cfg.Pages.LoggedOut(w, r, f.client)
	return nil
}

func hasEntry(s identity.Session, id identity.SessionEntryID) bool {
	return slices.ContainsFunc(s.Entries, func(e identity.Entry) bool { return e.ID == id && e.EndedAt.IsZero() })
}

// readFarewell reads the parameters. An unreadable hint is as good as none; a place to return to that is
// not registered is an error.
func (p *Provider) readFarewell(r *http.Request) (f farewell, err error) {
	client, audience, entry, err := p.whoLogsOut(r)
	if err != nil {
		return f, err
	}
	f.client, f.entry, f.valid = client, entry, client != nil && audience
	back := r.Form.Get("post_logout_redirect_uri")
	if back == "" || !f.valid {
		return f, nil
	}
	if !client.AllowsPostLogout(back) {
		return f, refuse(invalidRequest, "the post_logout_redirect_uri is not registered for client "+string(client.ID))
	}
	if state := r.Form.Get("state"); state != "" {
		back = withQuery(back, [][2]string{{"state", state}})
	}
	f.back = back
	return f, nil
}

// whoLogsOut returns the client that is named, or else the one the hint was issued to, and whether the
// hint was issued to it.
func (p *Provider) whoLogsOut(r *http.Request) (client *identity.Client, hinted bool, entry identity.SessionEntryID, err error) {
	h, err := p.readHint(r.Context(), r.Form.Get("id_token_hint"))
	if unreadable := new(refusal); err != nil && !errors.As(err, &unreadable) {
		return nil, false, "", err
	}
	// Our ID tokens have one audience; client_id matters where the hint cannot be read.
	id := identity.ClientID(r.Form.Get("client_id"))
	if id == "" && len(h.audience) > 0 {
		id = identity.ClientID(h.audience[0])
	}
	found, err := p.clients.get(r.Context(), id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, false, "", nil
	}
	return &found, h.isFor(id), h.entry, err
}

// endEverything ends the session with all accounts entered in it and all it gave to clients.
func (p *Provider) endEverything(ctx context.Context, s identity.Session, by identity.Client) error {
	now := p.now()
	origin := originOf(ctx)
	origin.Actor = identity.ActorUser(s.UserID)
	return p.cfg.DB.WriteAnyway(ctx, func(tx *storage.Tx) error {
		if err := tx.EndSession(ctx, s.ID, now); err != nil {
			return err
		}
		event := origin.Event(identity.EventSessionEnded, now)
		event.UserID, event.ClientID, event.Detail = s.UserID, by.ID, "logged out at the client"
		return tx.Record(ctx, event)
	})
}
