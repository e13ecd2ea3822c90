package login

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// showLost explains what happens before anything does.
func (d *Door) showLost(w http.ResponseWriter, r *http.Request) error {
	v, err := d.resetIn(r)
	if err != nil {
		return err
	}
	if v.link.ID == "" { // from the ladder beside a code: the mailbox comes first
		page := templates.LostAuthenticator{ForgotURL: forgotURL(shortened(r.URL.Query().Get("email")))}
		return d.show(w, r, page, identity.AuthorizationRequest{})
	}
	if !v.mayAskForHelp() {
		return seeOther(w, r, cleanPath(identity.LinkReset)) // which says what is the matter
	}
	page := lostPage(refused{})
	if page.Another, err = firstFactorLetter(r.Context(), d.cfg.DB.Queries, v.mailed); err != nil {
		return err
	}
	return d.show(w, r, page, identity.AuthorizationRequest{})
}

func lostPage(no refused) templates.LostAuthenticator {
	return templates.LostAuthenticator{Action: lostPath, BackURL: cleanPath(identity.LinkReset), Refusal: no.Reason, Wait: no.Wait}
}

// submitLost asks the people who may decide.
func (d *Door) submitLost(w http.ResponseWriter, r *http.Request) error {
	caller := d.caller(r)
	caller.Request = ""
	err := d.AskRecovery(r.Context(), caller, d.mailedLink(r, identity.LinkReset))
	if no := (refused{}); errors.As(err, &no) {
		return comesBack{lostPage(no), identity.AuthorizationRequest{}, no}
	}
	if errors.Is(err, errOutdated) {
		return seeOther(w, r, cleanPath(identity.LinkReset))
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, lostAskedPath)
}

// showLostAsked is for the browser of a person whose request waits.
func (d *Door) showLostAsked(w http.ResponseWriter, r *http.Request) error {
	v, err := d.resetIn(r)
	if err != nil {
		return err
	}
	asked, err := d.cfg.DB.LastRecovery(r.Context(), v.person.ID)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !asked.Waits(v.person.User, v.now) {
		return seeOther(w, r, lostPath)
	}
	if err != nil {
		return err
	}
	owners, err := ownersFor(r.Context(), d.cfg.DB.Queries, v.person, v.now)
	if err != nil {
		return err
	}
	page := templates.LostAsked{ByOwner: len(owners) > 0, BackURL: cleanPath(identity.LinkReset)}
	return d.show(w, r, page, identity.AuthorizationRequest{})
}

// mayAskForHelp reports whether the link is good and wants a second factor that the person may have lost.
func (v resetVisit) mayAskForHelp() bool { return v.state() == identity.LinkOpen && v.needsProof() }

// AskRecovery writes down that a person has lost their authenticator, and tells them and whoever may vouch for them. The link stays
// good: the phone may be under the sofa. Asking twice is asking once.
func (d *Door) AskRecovery(ctx context.Context, c Caller, secret string) error {
	now := d.cfg.Now()
	return d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		v, err := readReset(ctx, tx.Queries, secret, now)
		if err != nil {
			return err
		}
		if !v.mayAskForHelp() {
			return errOutdated
		}
		last, err := tx.LastRecovery(ctx, v.person.ID)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		if last.Waits(v.person.User, now) {
			return nil
		}
		if wait := last.CreatedAt.Add(identity.RecoveryAgainAfter).Sub(now); wait > 0 {
			return refused{templates.RecoveryJustAsked, wait}
		}
		recovery := identity.NewRecovery(v.person.User, c.Origin, now)
		return errors.Join(
			tx.AddRecovery(ctx, recovery),
			tx.Record(ctx, c.by(v.person.ID, identity.EventRecoveryAsked, now)),
			d.cfg.Outbox.Notify(ctx, tx, v.person.User, c.Origin, mail.Notice{Kind: templates.RecoveryAsked}, now),
			d.askOwners(ctx, tx, v.person, recovery, now))
	})
}

// askOwners writes to everybody who may decide.
func (d *Door) askOwners(ctx context.Context, tx *storage.Tx, about identity.Person, r identity.Recovery, now time.Time) error {
	owners, err := ownersFor(ctx, tx.Queries, about, now)
	for _, owner := range owners {
		err = errors.Join(err, d.cfg.Outbox.RecoveryRequest(ctx, tx, owner, about.User, r, now))
	}
	return err
}

// ownersFor returns the people who may decide about the recovery of another; nobody where an operator has to.
func ownersFor(ctx context.Context, q storage.Queries, about identity.Person, now time.Time) (owners []identity.User, err error) {
	if len(about.Memberships) == 0 {
		return nil, nil
	}
	// Who may decide owns every account of theirs, so it is enough to look among the members of one.
	members, err := q.Members(ctx, about.Memberships[0].Account.ID)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		if m.Role != identity.RoleOwner {
			continue
		}
		owner, err := q.Person(ctx, m.UserID, now)
		if err != nil {
			return nil, err
		}
		if owner.MayDecideRecoveryOf(about) {
			owners = append(owners, owner.User)
		}
	}
	return owners, nil
}

// withdrawRecovery withdraws the recovery of a person who has just logged in with a second factor: nothing is lost, or somebody else has asked.
func withdrawRecovery(ctx context.Context, tx *storage.Tx, c Caller, user identity.UserID, now time.Time) error {
	const why = "logged in with the second factor"
	ended, err := tx.WithdrawRecoveries(ctx, user, identity.ActorUser(user), why, now)
	if err != nil || !ended {
		return err
	}
	withdrawn := c.by(user, identity.EventRecoveryWithdrawn, now)
	withdrawn.Detail = why
	return tx.Record(ctx, withdrawn)
}
