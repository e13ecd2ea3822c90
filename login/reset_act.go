package login

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// resetVisit is a reset link with whom it is for.
type resetVisit struct {
	mailed
	exhausted bool // the person's app was switched off by wrong codes
	outgrown  bool // it was approved for fewer accounts than the person belongs to by now
}

// readReset reads a reset link; in a transaction what it says holds until the commit. An approval is judged again here, and nowhere else.
func readReset(ctx context.Context, q storage.Queries, secret string, now time.Time) (v resetVisit, err error) {
	if v.mailed, err = readMailed(ctx, q, secret, identity.LinkReset, now); err != nil || v.person.ID == "" {
		return v, err
	}
	if v.exhausted, err = q.Exhausted(ctx, v.person.ID); err != nil || v.link.VouchedBy() == "" {
		return v, err
	}
	owner, err := q.Person(ctx, v.link.VouchedBy(), now)
	if errors.Is(err, storage.ErrNotFound) {
		owner, err = identity.Person{}, nil
	}
	// Who could not give the approval now opens accounts that are not theirs with it: the link counts as one that nobody has approved.
	v.link.Approved = owner.MayDecideRecoveryOf(v.person)
	v.outgrown = !v.link.Approved
	return v, err
}

// needsProof reports whether the mailbox alone is not enough.
func (v resetVisit) needsProof() bool { return v.link.NeedsProof(v.person, v.exhausted) }

// takesPasskey reports whether a passkey would prove what is missing.
func (v resetVisit) takesPasskey() bool {
	return v.state() == identity.LinkOpen && v.needsProof() && v.person.Passkeys && v.person.ResetTakesPasskeys()
}

// accepts reports whether what was proven is enough, as things are now.
func (v resetVisit) accepts(proof provenCode) bool {
	switch proof.method {
	case "":
		return !v.needsProof()
	case identity.MethodPasskey:
		return !v.needsProof() || v.takesPasskey()
	}
	return true
}

// NewPassword is what the page of a reset link asks for.
type NewPassword struct {
	Link     string // the secret of the link
	Password string
	Code     string // of the app, or a recovery code; looked at only where a proof is due
	Passkey  string // what a passkey has answered, in the place of the code; may be empty
}

// ResetPassword sets a new password with a link from the mailbox and, where an account of the person wants it, a second factor
// (SECURITY R30). The app and the recovery codes they had are void, everything that was open is ended, and nobody is logged in. Where an app is
// due the secret of the link to the new QR code is returned; that code is on show to the caller's browser, and the link is in the
// mail.
func (d *Door) ResetPassword(ctx context.Context, c Caller, n NewPassword) (enrollment string, err error) {
	now := d.cfg.Now()
	v, err := readReset(ctx, d.cfg.DB.Queries, n.Link, now)
	if err != nil {
		return "", err
	}
	if v.state() != identity.LinkOpen {
		return "", errOutdated
	}
	if err := d.checkNew(ctx, v.person, n.Password); err != nil {
		return "", err
	}
	if _, err := d.countPassword(ctx, c, "", "", now); err != nil { // a hash is expensive
		return "", err
	}
	proof, err := d.judgeReset(ctx, c, v, n, now)
	if err != nil {
		return "", err
	}
	phc, err := d.cfg.Hasher.Hash(ctx, n.Password)
	if errors.Is(err, identity.ErrBusy) && proof.counted() {
		err = errors.Join(err, d.uncount(ctx, v.person.ID, identity.AttemptCode, "", now))
	}
	if err != nil {
		return "", err
	}
	enrollment, err = d.reset(ctx, c, n.Link, phc, proof, now)
	if errors.Is(err, errWrongCode) {
		err = d.refuseCode(ctx, c, proof.attempt, now)
	}
	return enrollment, asProof(err)
}

// judgeReset judges what has to be proven besides the mailbox; the zero proof where that is nothing.
func (d *Door) judgeReset(ctx context.Context, c Caller, v resetVisit, n NewPassword, now time.Time) (provenCode, error) {
	if !v.needsProof() {
		return provenCode{}, nil
	}
	if n.Passkey != "" && v.takesPasskey() {
		right, err := d.judgePasskey(ctx, c, question{purpose: identity.CeremonyReset, user: v.person.User}, n.Passkey, now)
		return provenCode{attempt: codeAttempt{person: v.person}, method: identity.MethodPasskey, passkey: right}, err
	}
	if strings.TrimSpace(n.Code) == "" {
		return provenCode{}, refused{Reason: templates.ProofMissing}
	}
	proof, err := d.judgeCode(ctx, c, codeAttempt{person: v.person, text: n.Code, mailed: true}, now)
	return proof, asProof(err)
}

// asProof says of a wrong code what else would do.
func asProof(err error) error {
	if no := (refused{}); errors.As(err, &no) && (no.Reason == templates.WrongCode || no.Reason == templates.WrongRecoveryCode) {
		return refused{Reason: templates.WrongProof}
	}
	return err
}

// reset does it, in one transaction: of two that use the same link one wins.
func (d *Door) reset(ctx context.Context, c Caller, secret, phc string, proof provenCode, now time.Time) (enrollment string, err error) {
	err = d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		v, err := readReset(ctx, tx.Queries, secret, now)
		if err != nil {
			return err
		}
		if v.state() != identity.LinkOpen || !v.accepts(proof) {
			return errOutdated
		}
		if err := tx.UseLink(ctx, v.link.TokenHash, identity.LinkReset, now); errors.Is(err, storage.ErrNotFound) {
			return errOutdated
		} else if err != nil {
			return err
		}
		if proof.method != "" {
			if _, err := d.use(ctx, tx, c, proof, now); err != nil {
				return err
			}
		}
		if v.link.Approved { // everything was lost, passkeys too
			if err := tx.DropPasskeys(ctx, v.person.ID); err != nil {
				return err
			}
			v.person.Passkeys = false
		}
		done := c.by(v.person.ID, identity.EventPasswordReset, now)
		done.Detail = v.provenBy(proof)
		if err := errors.Join(d.startAnew(ctx, tx, v, phc, now), tx.Record(ctx, done)); err != nil {
			return err
		}
		enrollment, err = d.showNewApp(ctx, tx, c, v, now)
		return errors.Join(err, d.cfg.Outbox.Notify(ctx, tx, v.person.User, c.Origin, mail.Notice{Kind: templates.PasswordReset}, now))
	})
	return enrollment, err
}

// provenBy says for the audit trail what the reset rests on.
func (v resetVisit) provenBy(p provenCode) string {
	switch {
	case v.link.Approved:
		return "mailbox, and somebody has vouched for the person"
	case p.method != "":
		return "mailbox and " + string(p.method)
	}
	return "mailbox"
}

// endedByReset are the links that a reset makes worthless. Those in notices stay good: whoever resets a password that is not
// theirs must not disarm them.
var endedByReset = []identity.LinkPurpose{identity.LinkReset, identity.LinkInvitation, identity.LinkEmailOld, identity.LinkEmailNew}

// startAnew gives the person the new password and ends all that the old credentials have opened (SECURITY R31).
func (d *Door) startAnew(ctx context.Context, tx *storage.Tx, v resetVisit, phc string, now time.Time) error {
	u := v.person.User
	u.SetPassword(phc, now)
	u.EmailVerified = true // the link was in the mailbox
	err := errors.Join(
		tx.SaveUser(ctx, u),
		tx.EndSessionsOf(ctx, u.ID, now),
		tx.ForgetBrowsers(ctx, u.ID),
		tx.VoidAuthenticators(ctx, u.ID, now),
		tx.VoidEnrollments(ctx, u.ID, now),
		tx.DropRecoveryCodes(ctx, u.ID),
		tx.ClearAttempts(ctx, u.ID, identity.AttemptPassword, ""),
		tx.ClearAttempts(ctx, u.ID, identity.AttemptPassword, knownBrowser), // they were wrong for another password
		tx.ClearAttempts(ctx, u.ID, identity.AttemptCode, ""))
	for _, purpose := range endedByReset {
		err = errors.Join(err, tx.VoidLinks(ctx, u.ID, purpose, now))
	}
	if err != nil {
		return err
	}
	_, err = tx.WithdrawRecoveries(ctx, u.ID, identity.ActorUser(u.ID), "the password was reset", now)
	return err
}

// showNewApp puts a new QR code on the screen of the caller's browser, where an app is due, and the same link into the mail:
// closing the tab loses nothing (PRODUCT §2, S6).
func (d *Door) showNewApp(ctx context.Context, tx *storage.Tx, c Caller, v resetVisit, now time.Time) (link string, err error) {
	if !v.person.NeedsAppAfterReset(v.exhausted) {
		return "", nil
	}
	app, err := identity.NewAuthenticator(v.person.ID, now)
	if err != nil {
		return "", err
	}
	enrollment, secret := identity.NewEnrollment(v.person.ID, v.person.AsksForApp(), now)
	enrollment.ShowAtOnce(app.ID, identity.DigestOf(c.Browser), now)
	sent := c.by(v.person.ID, identity.EventEnrollmentSent, now)
	sent.AccountID = enrollment.AccountID
	return secret, errors.Join(
		d.cfg.Outbox.SetUpAgain(ctx, tx, v.person.User, enrollment, secret, now), // supersedes, so it comes before the app
		tx.AddAuthenticator(ctx, app),
		tx.Record(ctx, sent))
}
