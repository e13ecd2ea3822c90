package login

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// Where sessions are ended from the list.
const (
	sessionEndPath    = "/settings/sessions/end"
	sessionOthersPath = "/settings/sessions/end-others"
)

// showSessions lists where the person is logged in, this browser first. Sessions that have run out are left out: nobody can do anything
// in them.
func (d *Door) showSessions(w http.ResponseWriter, r *http.Request, v visit) error {
	open, err := d.cfg.DB.SessionsOf(r.Context(), v.person.ID)
	if err != nil {
		return err
	}
	page := templates.Sessions{Head: settingsHead(v, templates.TabSessions), EndURL: sessionEndPath}
	for _, s := range slices.Backward(open) { // the newest first
		if s.ID == v.session.ID {
			page.Sessions = slices.Insert(page.Sessions, 0, openSession(v, s))
			continue
		}
		if identity.Decide(d.cfg.Now(), v.person, s.Evidence(), identity.Wants{}).Step != identity.StepSignIn {
			page.Sessions = append(page.Sessions, openSession(v, s))
			page.OthersURL = sessionOthersPath
		}
	}
	return d.showOwn(w, r, v, page)
}

// factors say in what words a proof is told; a passkey used alone is told by the second proof it gave.
var factors = map[identity.Method]templates.Factor{
	identity.MethodPassword: templates.FactorPassword, identity.MethodTOTP: templates.FactorApp,
	identity.MethodRecoveryCode: templates.FactorRecoveryCode, identity.MethodPasskey: templates.FactorPasskey,
}

// openSession is a session as its owner sees it.
func openSession(v visit, s identity.Session) templates.OpenSession {
	shown := templates.OpenSession{ID: string(s.ID), Here: s.ID == v.session.ID, Address: s.Address, Since: s.CreatedAt, Seen: s.SeenAt}
	shown.Browser, shown.System = device(s.UserAgent)
	for _, p := range s.Proofs {
		if f, told := factors[p.Method]; told && !slices.Contains(shown.Factors, f) {
			shown.Factors = append(shown.Factors, f)
		}
	}
	slices.Sort(shown.Factors)
	for _, e := range s.Entries {
		if m, member := v.person.Membership(e.AccountID); member && e.EndedAt.IsZero() {
			shown.Accounts = append(shown.Accounts, m.Account.Name)
		}
	}
	return shown
}

// submitEndSession ends the session whose button was pressed. Ending one's own is logging out, and the next page says so.
func (d *Door) submitEndSession(w http.ResponseWriter, r *http.Request, _ visit) error {
	err := d.EndOwnSession(r.Context(), d.self(r), identity.SessionID(r.PostForm.Get(templates.FieldSession)))
	if err != nil && !errors.Is(err, errOutdated) {
		return err
	}
	return seeOther(w, r, sessionsPath)
}

// EndOwnSession ends one session of the caller's, with all that clients were given there. For one of somebody else it fails as for one
// that does not exist.
func (d *Door) EndOwnSession(ctx context.Context, c Caller, id identity.SessionID) error {
	now := d.cfg.Now()
	return d.asThemselves(ctx, c, now, func(tx *storage.Tx, v visit) error {
		session, err := tx.SessionByID(ctx, id)
		if err == nil && session.UserID != v.person.ID {
			err = storage.ErrNotFound
		}
		if err != nil {
			return err
		}
		return endSession(ctx, tx, c, session, now)
	})
}

// submitEndOthers leaves this browser alone.
func (d *Door) submitEndOthers(w http.ResponseWriter, r *http.Request, _ visit) error {
	if err := d.EndOtherSessions(r.Context(), d.self(r)); err != nil && !errors.Is(err, errOutdated) {
		return err
	}
	return seeOther(w, r, sessionsPath)
}

// EndOtherSessions ends every session of the caller's but this one, and what clients were given elsewhere.
func (d *Door) EndOtherSessions(ctx context.Context, c Caller) error {
	now := d.cfg.Now()
	return d.asThemselves(ctx, c, now, func(tx *storage.Tx, v visit) error {
		ended := c.by(v.person.ID, identity.EventSessionEnded, now)
		ended.Detail = "all others"
		return errors.Join(tx.EndOtherSessionsOf(ctx, v.person.ID, v.session.ID, now), tx.Record(ctx, ended))
	})
}
