package login

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// checkMailPage tells who has to set up an app where the link is. Never a QR code here: a password
// alone is not enough to see one (SECURITY R24).
func checkMailPage(v visit, no refused) templates.CheckMail {
	return templates.CheckMail{
		Action: withRequest("/login/enrollment", v.request.ID), AccountName: v.decision.Membership.Account.Name,
		MaskedEmail: identity.MaskEmail(v.person.Email), ValidFor: identity.EnrollmentLifetime,
		StartAgain: withRequest("/login/restart", v.request.ID), Refusal: no.Reason, Wait: no.Wait,
	}
}

// showCheckMail sends nothing by itself: where no link is under way it offers to send one.
func (d *Door) showCheckMail(w http.ResponseWriter, r *http.Request, v visit) error {
	open, err := linkUnderWay(r.Context(), d.cfg.DB.Queries, v.person.ID, d.cfg.Now())
	if err != nil {
		return err
	}
	page := checkMailPage(v, refused{})
	page.NotSent, page.SentAgain = !open, open && r.URL.Query().Has("sent")
	return d.show(w, r, page, v.request)
}

// submitCheckMail serves two pages: this one, and the code field of a person who has seen a QR code
// and not scanned it. A refusal goes back to where the button was.
func (d *Door) submitCheckMail(w http.ResponseWriter, r *http.Request) error {
	v, err := d.visit(r)
	if err != nil {
		return err
	}
	err = d.SendEnrollment(r.Context(), d.caller(r))
	no := refused{}
	switch {
	case errors.As(err, &no) && v.decision.Step == identity.StepEnroll:
		return comesBack{checkMailPage(v, no), v.request, no}
	case errors.As(err, &no):
		return comesBack{d.codePage(v, no), v.request, no}
	case errors.Is(err, errOutdated):
		return d.next(w, r, Cookie{})
	case err != nil:
		return err
	}
	return seeOther(w, r, d.LoginURL(v.request.ID)+"&sent=again")
}

// SendEnrollment mails a new link to a person whose password was proven and whose account asks for
// an app that is not set up, or was shown and never confirmed. The older link, and what it has
// shown, is void from then on.
func (d *Door) SendEnrollment(ctx context.Context, c Caller) error {
	now := d.cfg.Now()
	return d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		v, err := look(ctx, tx.Queries, c, now)
		if err != nil {
			return err
		}
		unconfirmed := v.decision.Step == identity.StepSecondFactor && !v.canProve()
		if v.request.ID == "" || v.decision.Step != identity.StepEnroll && !unconfirmed {
			return errOutdated
		}
		sent, err := tx.LastEnrollments(ctx, v.person.ID, identity.EnrollmentsADay)
		if err != nil {
			return err
		}
		if wait := identity.EnrollmentResendWait(sent, now); wait > 0 {
			return refused{templates.LinkSentJustNow, wait}
		}
		return d.invite(ctx, tx, c, v.person.User, v.decision.Membership.Account, now)
	})
}

// invite queues the letter in the transaction that records it: neither exists without the other.
func (d *Door) invite(ctx context.Context, tx *storage.Tx, c Caller, u identity.User, a identity.Account, now time.Time) error {
	sent := c.by(u.ID, identity.EventEnrollmentSent, now)
	sent.AccountID = a.ID
	return errors.Join(d.cfg.Outbox.InviteToEnroll(ctx, tx, u, a, now), tx.Record(ctx, sent))
}

// linkUnderWay reports whether the person's newest link can still be opened.
func linkUnderWay(ctx context.Context, q storage.Queries, user identity.UserID, now time.Time) (bool, error) {
	newest, err := q.NewestEnrollment(ctx, user)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return err == nil && newest.State("", now) == identity.EnrollmentOpen, err
}
