package login

import (
	"context"
	"errors"
	"net/http"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// Where another address is asked for, and where the wish is withdrawn.
const (
	emailPath         = "/settings/email"
	emailWithdrawPath = "/settings/email/withdraw"
)

// emailWaiting is the person's change of address as the profile tells it; nil: there is none.
func (d *Door) emailWaiting(ctx context.Context, v visit) (*templates.EmailWaiting, error) {
	change, err := newestEmailChange(ctx, d.cfg.DB.Queries, v.person.ID)
	if err != nil || !change.Waits(v.person.User, d.cfg.Now()) {
		return nil, err
	}
	return &templates.EmailWaiting{
		Email: change.New.Email, OldDone: !change.Old.UsedAt.IsZero(), NewDone: !change.New.UsedAt.IsZero(),
		Until: change.New.ExpiresAt, Cancel: emailWithdrawPath,
	}, nil
}

// newestEmailChange is the last one a person has asked for; the zero change if there was none.
func newestEmailChange(ctx context.Context, q storage.Queries, user identity.UserID) (identity.EmailChange, error) {
	last, err := q.LastLinks(ctx, user, identity.LinkEmailOld, 1)
	if err != nil || len(last) == 0 {
		return identity.EmailChange{}, err
	}
	both, err := q.LinksAbout(ctx, last[0].Subject)
	return identity.EmailChangeOf(both), err
}

func newEmailPage(v visit, email string, no refused) templates.NewEmail {
	return templates.NewEmail{
		Head: settingsHead(v, templates.TabProfile), Action: emailPath, Email: shortened(email), Refusal: no.Reason, Wait: no.Wait,
	}
}

// showNewEmail asks for the new address.
func (d *Door) showNewEmail(w http.ResponseWriter, r *http.Request, v visit) error {
	return d.showOwn(w, r, v, newEmailPage(v, "", refused{}))
}

// submitNewEmail goes back to the profile, which says what is waited for.
func (d *Door) submitNewEmail(w http.ResponseWriter, r *http.Request, v visit) error {
	email := r.PostForm.Get(templates.FieldEmail)
	err := d.AskEmailChange(r.Context(), d.self(r), email)
	if no := (refused{}); errors.As(err, &no) {
		return comesBack{newEmailPage(v, email, no), v.words(), no}
	}
	if err != nil && !errors.Is(err, errOutdated) {
		return err
	}
	return seeOther(w, r, profilePath)
}

// AskEmailChange mails the two links of a change of address; a change that is under way is void from then on. Whether somebody else
// has the address is not said, here or on any page: a login of one's own must be no way to ask who has one.
func (d *Door) AskEmailChange(ctx context.Context, c Caller, email string) error {
	if shortened(email) == "" {
		return refused{Reason: templates.EmailMissing}
	}
	folded, err := identity.FoldEmail(email)
	if err != nil {
		return refused{Reason: templates.EmailInvalid}
	}
	now := d.cfg.Now()
	return d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		v, err := look(ctx, tx.Queries, c, now)
		if err == nil {
			err = mustBeFresh(v, now)
		}
		if err != nil {
			return err
		}
		if folded == v.person.Email {
			return refused{Reason: templates.EmailSame}
		}
		asked, err := tx.LastLinks(ctx, v.person.ID, identity.LinkEmailOld, identity.EnrollmentsADay)
		if err != nil {
			return err
		}
		if wait := identity.EmailChangeWait(asked, now); wait > 0 {
			return refused{templates.LinkSentJustNow, wait}
		}
		taken, err := belongsToAnother(ctx, tx.Queries, folded, v.person.ID)
		return errors.Join(err,
			d.cfg.Outbox.ChangeEmail(ctx, tx, v.person.User, folded, taken, now),
			tx.Record(ctx, c.by(v.person.ID, identity.EventEmailChangeAsked, now)))
	})
}

// belongsToAnother reports whether a folded address is somebody else's.
func belongsToAnother(ctx context.Context, q storage.Queries, folded string, user identity.UserID) (bool, error) {
	owner, err := q.UserByEmail(ctx, folded)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return err == nil && owner.ID != user, err
}

// submitWithdrawEmail asks for no fresh proof: to leave things as they are is always allowed.
func (d *Door) submitWithdrawEmail(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := d.WithdrawEmailChange(r.Context(), d.self(r)); err != nil && !errors.Is(err, errOutdated) {
		return err
	}
	return seeOther(w, r, profilePath)
}

// WithdrawEmailChange voids the links that have not been used.
func (d *Door) WithdrawEmailChange(ctx context.Context, c Caller) error {
	now := d.cfg.Now()
	return d.asThemselves(ctx, c, now, func(tx *storage.Tx, v visit) error {
		withdrawn := c.by(v.person.ID, identity.EventEmailChangeAsked, now)
		withdrawn.Detail = "withdrawn"
		return errors.Join(voidEmailChange(ctx, tx, v.person.ID, now), tx.Record(ctx, withdrawn))
	})
}
