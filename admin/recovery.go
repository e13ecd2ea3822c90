package admin

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// AskedRecovery is the request of a person who has lost their authenticator.
type AskedRecovery struct {
	identity.Recovery
	Person identity.Person
}

// StartReset mails a person the link to a new password. Nobody but them sets or learns it, and what their accounts want beside
// the mailbox they still have to prove (SECURITY R6).
func (a *Admin) StartReset(ctx context.Context, email string) (identity.User, error) {
	return a.withUser(ctx, email, func(tx *storage.Tx, u *identity.User, now time.Time) error {
		if u.Disabled() {
			return refuse("vestibule user enable "+u.Email, "%s is disabled: nothing was sent", u.Email)
		}
		return errors.Join(
			a.outbox.SendReset(ctx, tx, *u, templates.ResetStarted, now),
			a.record(ctx, tx, identity.EventResetSent, concerning{user: u.ID}, "started", now))
	})
}

// Recoveries returns the requests that wait for a decision, the oldest first.
func (a *Admin) Recoveries(ctx context.Context) (waiting []AskedRecovery, err error) {
	now := a.now()
	all, err := a.db.WaitingRecoveries(ctx, now)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		person, err := a.db.Person(ctx, r.UserID, now)
		if err != nil {
			return nil, err
		}
		if r.Waits(person.User, now) {
			waiting = append(waiting, AskedRecovery{r, person})
		}
	}
	return waiting, nil
}

// ApproveRecovery mails a person the link to a new password that asks for no second factor; it lasts a day. It approves what they have
// asked for, and is good for people who have called instead.
func (a *Admin) ApproveRecovery(ctx context.Context, email, reason string) (identity.User, error) {
	return a.decideRecovery(ctx, email, reason, identity.RecoveryApproved)
}

// DeclineRecovery ends what a person has asked for, and tells them.
func (a *Admin) DeclineRecovery(ctx context.Context, email, reason string) (identity.User, error) {
	return a.decideRecovery(ctx, email, reason, identity.RecoveryDeclined)
}

func (a *Admin) decideRecovery(ctx context.Context, email, reason string, outcome identity.RecoveryOutcome) (identity.User, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" || len(reason) > identity.MaxReason {
		return identity.User{}, refuse(`--reason "called him on his own number"`, "the reason needs 1 to %d bytes", identity.MaxReason)
	}
	return a.withUser(ctx, email, func(tx *storage.Tx, u *identity.User, now time.Time) error {
		r, err := a.waitingRecovery(ctx, tx, *u, outcome, now)
		if err != nil {
			return err
		}
		r.Decide(outcome, a.by.Actor, reason, now)
		if err := tx.DecideRecovery(ctx, r); err != nil {
			return err
		}
		if outcome == identity.RecoveryDeclined {
			return errors.Join(
				a.outbox.RecoveryDeclined(ctx, tx, *u, now),
				a.record(ctx, tx, identity.EventRecoveryDeclined, concerning{user: u.ID}, reason, now))
		}
		return errors.Join(
			a.outbox.SendApprovedReset(ctx, tx, *u, "", now),
			a.record(ctx, tx, identity.EventRecoveryApproved, concerning{user: u.ID}, reason, now))
	})
}

// waitingRecovery returns what the person has asked for. Who has called instead has asked now; there is nothing to decline then.
func (a *Admin) waitingRecovery(ctx context.Context, tx *storage.Tx, u identity.User, outcome identity.RecoveryOutcome, now time.Time) (identity.Recovery, error) {
	if u.Disabled() {
		return identity.Recovery{}, refuse("vestibule user enable "+u.Email, "%s is disabled: nothing was sent", u.Email)
	}
	last, err := tx.LastRecovery(ctx, u.ID)
	if err == nil && last.Waits(u, now) || err != nil && !errors.Is(err, storage.ErrNotFound) {
		return last, err
	}
	if outcome == identity.RecoveryDeclined {
		return last, refuse("vestibule user recoveries", "%s has asked for nothing that waits", u.Email)
	}
	p, err := tx.Person(ctx, u.ID, now)
	if err != nil {
		return last, err
	}
	exhausted, err := tx.Exhausted(ctx, u.ID)
	if err == nil && !(identity.Link{}).NeedsProof(p, exhausted) {
		err = refuse("vestibule user reset "+u.Email, "%s needs no second factor for a new password: nothing was sent", u.Email)
	}
	if err != nil {
		return last, err
	}
	asked := identity.NewRecovery(u, a.by, now)
	return asked, tx.AddRecovery(ctx, asked)
}
