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

// showEmailLink is the page behind a link to the old or the new address. It says how far the change has come; the links need no
// session, because mail is read on other devices.
func (d *Door) showEmailLink(p identity.LinkPurpose) http.HandlerFunc {
	return d.page(func(w http.ResponseWriter, r *http.Request) error {
		m, err := d.mailedIn(r, p)
		if err != nil {
			return err
		}
		change, err := changeOf(r.Context(), d.cfg.DB.Queries, m)
		if err != nil {
			return err
		}
		step, there, err := emailStep(r.Context(), d.cfg.DB.Queries, m, change)
		if err != nil {
			return err
		}
		if !there {
			if m.state() == identity.LinkUsed { // what ended the change was the other one
				m.link = other(change, p)
			}
			return d.showLinkGone(w, r, m, templates.NextSettings, profilePath)
		}
		return d.show(w, r, emailLinkPage(m, change, step), identity.AuthorizationRequest{UILocales: m.person.Locale})
	})
}

// changeOf is the change of address a link belongs to.
func changeOf(ctx context.Context, q storage.Queries, m mailed) (identity.EmailChange, error) {
	if m.link.Subject == "" {
		return identity.EmailChange{}, nil
	}
	both, err := q.LinksAbout(ctx, m.link.Subject)
	return identity.EmailChangeOf(both), err
}

// other is the link to the other address.
func other(c identity.EmailChange, p identity.LinkPurpose) identity.Link {
	if p == identity.LinkEmailOld {
		return c.New
	}
	return c.Old
}

// emailStep is how far a change has come, seen from one of its links; there is none for a change that is void or long past.
func emailStep(ctx context.Context, q storage.Queries, m mailed, c identity.EmailChange) (step templates.EmailStep, there bool, err error) {
	switch {
	case m.state() == "":
		return 0, false, nil
	case c.Confirmed() && m.person.Email == c.New.Email:
		return templates.EmailChanges, true, nil
	case c.Confirmed():
		taken, err := belongsToAnother(ctx, q, c.New.Email, m.person.ID)
		return templates.EmailIsTaken, taken, err
	case !c.Waits(m.person.User, m.now):
		return 0, false, nil
	case m.state() == identity.LinkOpen:
		return templates.EmailAsks, true, nil
	}
	return templates.EmailWaits, true, nil
}

// emailLinkPage hides most of the old address from whoever reads the new mailbox: it may have been mistyped.
func emailLinkPage(m mailed, c identity.EmailChange, step templates.EmailStep) templates.ConfirmEmailChange {
	page := templates.ConfirmEmailChange{
		Step: step, Action: cleanPath(m.link.Purpose), Old: m.person.Email, New: c.New.Email, Here: m.person.Email, There: c.New.Email,
	}
	if m.link.Purpose == identity.LinkEmailNew {
		page.Old = identity.MaskEmail(m.person.Email)
		page.Here, page.There = c.New.Email, page.Old
	}
	if step == templates.EmailChanges || step == templates.EmailIsTaken {
		page.Next = profilePath
	}
	return page
}

// submitEmailLink confirms, and goes to see what came of it.
func (d *Door) submitEmailLink(p identity.LinkPurpose) http.HandlerFunc {
	return d.page(func(w http.ResponseWriter, r *http.Request) error {
		err := d.ConfirmEmailChange(r.Context(), d.caller(r), d.mailedLink(r, p), p)
		if errors.Is(err, storage.ErrExists) { // somebody took the address at this very moment; now that can be seen
			err = d.ConfirmEmailChange(r.Context(), d.caller(r), d.mailedLink(r, p), p)
		}
		if err != nil && !errors.Is(err, errOutdated) {
			return err
		}
		return seeOther(w, r, cleanPath(p))
	})
}

// ConfirmEmailChange uses one of the two links. The second one changes the address, unless it belongs to somebody else by then.
func (d *Door) ConfirmEmailChange(ctx context.Context, c Caller, secret string, p identity.LinkPurpose) error {
	now := d.cfg.Now()
	return d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		m, err := readMailed(ctx, tx.Queries, secret, p, now)
		if err != nil {
			return err
		}
		change, err := changeOf(ctx, tx.Queries, m)
		if err != nil {
			return err
		}
		if m.state() != identity.LinkOpen || !change.Waits(m.person.User, now) {
			return errOutdated
		}
		if err := tx.UseLink(ctx, m.link.TokenHash, p, now); errors.Is(err, storage.ErrNotFound) {
			return errOutdated
		} else if err != nil {
			return err
		}
		confirmed := c.by(m.person.ID, identity.EventEmailConfirmed, now)
		confirmed.Detail = string(p)
		if err := tx.Record(ctx, confirmed); err != nil || other(change, p).UsedAt.IsZero() {
			return err
		}
		return d.changeEmail(ctx, tx, c, m.person.User, change.New.Email, now)
	})
}

// changeEmail gives a person the address that was proven. Both addresses are told. Links to choose a new password that were sent to the
// old one are void; sessions go on, because no credential has changed and both mailboxes have agreed.
func (d *Door) changeEmail(ctx context.Context, tx *storage.Tx, c Caller, before identity.User, email string, now time.Time) error {
	taken, err := belongsToAnother(ctx, tx.Queries, email, before.ID)
	if err != nil || taken {
		return err
	}
	after := before
	after.ChangeEmail(email, now)
	notice := mail.Notice{Kind: templates.EmailChanged, Detail: email}
	if err := tx.SaveUser(ctx, after); err != nil {
		return err
	}
	return errors.Join(
		tx.VoidLinks(ctx, before.ID, identity.LinkReset, now),
		d.cfg.Outbox.Notify(ctx, tx, before, c.Origin, notice, now),
		d.cfg.Outbox.Notify(ctx, tx, after, c.Origin, notice, now),
		tx.Record(ctx, c.by(before.ID, identity.EventEmailChanged, now)))
}

// voidEmailChange makes the links of a change of address worthless.
func voidEmailChange(ctx context.Context, tx *storage.Tx, user identity.UserID, now time.Time) error {
	return errors.Join(tx.VoidLinks(ctx, user, identity.LinkEmailOld, now), tx.VoidLinks(ctx, user, identity.LinkEmailNew, now))
}
