package login

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// recoveriesPath is where an owner finds the requests of people who have lost their authenticator.
const recoveriesPath = "/settings/recoveries"

// askedRecovery is a recovery with whom it is about.
type askedRecovery struct {
	identity.Recovery
	person identity.Person
}

// asked is how an owner sees it.
func (a askedRecovery) asked() templates.AskedRecovery {
	shown := templates.AskedRecovery{
		URL: recoveriesPath + "/" + a.ID, Name: a.person.Name, Email: a.person.Email, AskedAt: a.CreatedAt, Address: a.Address,
	}
	for _, m := range a.person.Memberships {
		shown.Accounts = append(shown.Accounts, m.Account.Name)
	}
	return shown
}

// showRecoveries lists what waits for this owner.
func (d *Door) showRecoveries(w http.ResponseWriter, r *http.Request, v visit) error {
	waiting, err := d.recoveriesFor(r.Context(), v)
	if err != nil {
		return err
	}
	page := templates.Recoveries{Head: settingsHead(v, templates.TabAccounts)}
	for _, a := range waiting {
		page.Waiting = append(page.Waiting, a.asked())
	}
	return d.showOwn(w, r, v, page)
}

// recoveriesFor returns the recoveries that wait and that the person may decide.
func (d *Door) recoveriesFor(ctx context.Context, v visit) (mine []askedRecovery, err error) {
	now := d.cfg.Now()
	waiting, err := d.cfg.DB.WaitingRecoveries(ctx, now)
	if err != nil {
		return nil, err
	}
	for _, r := range waiting {
		about, err := d.cfg.DB.Person(ctx, r.UserID, now)
		if err != nil {
			return nil, err
		}
		if v.person.MayDecideRecoveryOf(about) && r.Waits(about.User, now) {
			mine = append(mine, askedRecovery{r, about})
		}
	}
	return mine, nil
}

// readRecovery reads one of them for a person who may decide about it. For everybody else there is none.
func readRecovery(ctx context.Context, q storage.Queries, owner identity.Person, id string, now time.Time) (a askedRecovery, err error) {
	a.Recovery, err = q.Recovery(ctx, id)
	if err == nil {
		a.person, err = q.Person(ctx, a.UserID, now)
	}
	if err == nil && !owner.MayDecideRecoveryOf(a.person) {
		err = storage.ErrNotFound
	}
	return a, err
}

func recoveryPage(v visit, a askedRecovery, reason string, no refused) templates.Recovery {
	return templates.Recovery{
		Head: settingsHead(v, templates.TabAccounts), Asked: a.asked(), Action: recoveriesPath + "/" + a.ID, BackURL: recoveriesPath,
		Reason: reason, Refusal: no.Reason, Wait: no.Wait,
	}
}

// showRecovery asks the owner; what has been decided is not asked again.
func (d *Door) showRecovery(w http.ResponseWriter, r *http.Request, v visit) error {
	a, err := readRecovery(r.Context(), d.cfg.DB.Queries, v.person, chi.URLParam(r, "id"), d.cfg.Now())
	if err != nil {
		return err
	}
	no := refused{}
	if !a.Waits(a.person.User, d.cfg.Now()) {
		no.Reason = templates.RecoveryOver
	}
	return d.showOwn(w, r, v, recoveryPage(v, a, "", no))
}

// submitRecovery goes back to the list, where the request is gone.
func (d *Door) submitRecovery(w http.ResponseWriter, r *http.Request, v visit) error {
	id, reason := chi.URLParam(r, "id"), r.PostForm.Get(templates.FieldReason)
	outcome, known := decisions[r.PostForm.Get(templates.FieldDecision)]
	if !known {
		return problem{http.StatusBadRequest}
	}
	err := d.DecideRecovery(r.Context(), d.self(r), id, outcome, reason)
	if no := (refused{}); errors.As(err, &no) {
		a, err := readRecovery(r.Context(), d.cfg.DB.Queries, v.person, id, d.cfg.Now())
		if err != nil {
			return err
		}
		return comesBack{recoveryPage(v, a, shortReason(reason), no), v.words(), no}
	}
	if err != nil && !errors.Is(err, errOutdated) {
		return err
	}
	return seeOther(w, r, recoveriesPath)
}

var decisions = map[string]identity.RecoveryOutcome{
	templates.DecisionApprove: identity.RecoveryApproved, templates.DecisionDecline: identity.RecoveryDeclined,
}

// shortReason keeps a reason within what is stored.
func shortReason(reason string) string {
	reason = strings.TrimSpace(reason)
	return strings.ToValidUTF8(reason[:min(len(reason), identity.MaxReason)], "")
}

// DecideRecovery lets a person in without the authenticator they have lost, or does not. Only the owner of all their accounts may,
// with fresh proof and a reason; nobody may for themselves. Who was approved gets a link that lasts a day.
func (d *Door) DecideRecovery(ctx context.Context, c Caller, id string, outcome identity.RecoveryOutcome, reason string) error {
	now := d.cfg.Now()
	return d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		v, err := look(ctx, tx.Queries, c, now)
		if err == nil {
			err = mustBeFresh(v, now)
		}
		if err != nil {
			return err
		}
		a, err := readRecovery(ctx, tx.Queries, v.person, id, now)
		if err != nil {
			return err
		}
		reason = shortReason(reason)
		switch {
		case reason == "":
			return refused{Reason: templates.ReasonMissing}
		case !a.Waits(a.person.User, now):
			return refused{Reason: templates.RecoveryOver}
		}
		a.Decide(outcome, identity.ActorUser(v.person.ID), reason, now)
		if err := tx.DecideRecovery(ctx, a.Recovery); errors.Is(err, storage.ErrNotFound) {
			return refused{Reason: templates.RecoveryOver}
		} else if err != nil {
			return err
		}
		return d.tellDecision(ctx, tx, c, v.person.ID, a, now)
	})
}

// tellDecision writes to the person, and into the audit trail.
func (d *Door) tellDecision(ctx context.Context, tx *storage.Tx, c Caller, owner identity.UserID, a askedRecovery, now time.Time) error {
	e := c.by(owner, identity.EventRecoveryDeclined, now)
	e.UserID, e.Detail = a.UserID, a.Reason
	if a.Outcome == identity.RecoveryDeclined {
		return errors.Join(d.cfg.Outbox.RecoveryDeclined(ctx, tx, a.person.User, now), tx.Record(ctx, e))
	}
	e.Kind = identity.EventRecoveryApproved
	return errors.Join(d.cfg.Outbox.SendApprovedReset(ctx, tx, a.person.User, owner, now), tx.Record(ctx, e))
}
