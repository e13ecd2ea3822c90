package login

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// Credentials are what the login page asks for.
type Credentials struct {
	Email    string
	Password string
	Remember bool
}

// SignIn judges an email and a password and opens a session, or proves the password once more in
// the one that is open. Unknown, disabled, blocked and wrong are refused alike and take as long
// (SECURITY R44). When the account asks for a code and nobody has set up an app, the link is mailed.
func (d *Door) SignIn(ctx context.Context, c Caller, attempt Credentials) (Cookie, error) {
	if strings.TrimSpace(attempt.Email) == "" {
		return Cookie{}, refused{Reason: templates.EmailMissing}
	}
	if attempt.Password == "" {
		return Cookie{}, refused{Reason: templates.PasswordMissing}
	}
	if d.cfg.Hasher.Crowded() { // in a flood of logins the database has better things to do
		return Cookie{}, identity.ErrBusy
	}
	now := d.cfg.Now()
	user, err := d.userNamed(ctx, attempt.Email)
	if err != nil {
		return Cookie{}, err
	}
	bucket, err := d.bucketOf(ctx, c, user.ID)
	if err != nil {
		return Cookie{}, err
	}
	wait, err := d.countPassword(ctx, c, user.ID, bucket, now)
	if err != nil {
		return Cookie{}, err
	}
	right, upgrade, err := d.judgePassword(ctx, user, attempt.Password, wait > 0)
	if errors.Is(err, identity.ErrBusy) && wait == 0 && user.ID != "" {
		err = errors.Join(err, d.uncount(ctx, user.ID, identity.AttemptPassword, bucket, now))
	}
	if err != nil {
		return Cookie{}, err
	}
	if !right {
		return Cookie{}, d.refuse(ctx, c, c.Origin.Event(identity.EventSignInRefused, now), user.ID, templates.WrongEmailOrPassword)
	}
	return d.open(ctx, c, signIn{user: user, bucket: bucket, remember: attempt.Remember, phc: d.upgraded(ctx, attempt.Password, upgrade)}, now)
}

// userNamed returns the person with an address; the zero person if there is none.
func (d *Door) userNamed(ctx context.Context, email string) (identity.User, error) {
	folded, err := identity.FoldEmail(email)
	if err != nil {
		folded = "" // looked up all the same: nobody has it
	}
	user, err := d.cfg.DB.UserByEmail(ctx, folded)
	if errors.Is(err, storage.ErrNotFound) {
		return identity.User{}, nil
	}
	return user, err
}

// judgePassword says whether a password is a person's. Where there is nothing to judge it works as
// long on nothing.
func (d *Door) judgePassword(ctx context.Context, user identity.User, password string, blocked bool) (right, upgrade bool, err error) {
	if len(password) > longestPassword {
		password, blocked = "", true
	}
	if blocked || user.ID == "" || user.PasswordHash == "" || user.Disabled() {
		return false, false, d.cfg.Hasher.VerifyNothing(ctx, password)
	}
	right, upgrade, err = d.cfg.Hasher.Verify(ctx, user.PasswordHash, password)
	if errors.Is(err, identity.ErrUnknownHash) { // an import gone wrong; the person cannot help it
		d.cfg.Log.ErrorContext(ctx, "a stored password cannot be read", "user", user.ID, "error", err)
		return false, false, d.cfg.Hasher.VerifyNothing(ctx, password)
	}
	return right, upgrade, err
}

// upgraded returns a new hash of a right password when the stored one is behind the times. If there
// is no room to compute it now, the next login will.
func (d *Door) upgraded(ctx context.Context, password string, wanted bool) string {
	if !wanted {
		return ""
	}
	phc, err := d.cfg.Hasher.Hash(ctx, password)
	if err != nil {
		return ""
	}
	return phc
}

// refuse records a wrong answer and returns the refusal.
func (d *Door) refuse(ctx context.Context, c Caller, e identity.Event, user identity.UserID, reason templates.Refusal) error {
	e.UserID = user
	if err := d.cfg.DB.Write(ctx, func(tx *storage.Tx) error { return tx.Record(ctx, e) }); err != nil {
		return err
	}
	return refused{Reason: reason}
}

// signIn is a password that was right.
type signIn struct {
	user     identity.User
	bucket   string
	remember bool
	phc      string // a newer hash of the same password; empty: none
}

// open does what a right password does, in one transaction.
func (d *Door) open(ctx context.Context, c Caller, s signIn, now time.Time) (cookie Cookie, err error) {
	err = d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		v, err := look(ctx, tx.Queries, c, now)
		if err != nil {
			return err
		}
		person, err := tx.Person(ctx, s.user.ID, now)
		if err != nil {
			return err
		}
		if person.Disabled() || person.PasswordHash != s.user.PasswordHash {
			return refused{Reason: templates.WrongEmailOrPassword} // changed while we were hashing
		}
		session, secret, err := v.enter(ctx, tx, c, person.User, identity.MethodPassword, s.remember, now)
		if err != nil {
			return err
		}
		cookie = Cookie{secret, s.remember, done(now, person, session, v.request)}
		if s.phc != "" {
			err = tx.UpgradePassword(ctx, person.ID, s.phc, now)
		}
		return errors.Join(err,
			tx.ClearAttempts(ctx, person.ID, identity.AttemptPassword, s.bucket),
			tx.RememberBrowser(ctx, identity.DigestOf(c.Browser), person.ID, now),
			tx.Record(ctx, c.by(person.ID, identity.EventSignedIn, now)),
			d.inviteIfDue(ctx, tx, c, person, session, v.request, now))
	})
	return cookie, err
}

// enter proves who it is, by a password or a passkey alone, in the session of the same person, or ends another person's and opens a
// new one. A session that has run out goes on with what was entered in it, but forgets what was
// proven: its old code must not count for a new login.
func (v visit) enter(ctx context.Context, tx *storage.Tx, c Caller, u identity.User, by identity.Method, remember bool, now time.Time) (identity.Session, string, error) {
	session := v.session
	if session.UserID == u.ID && session.EndedAt.IsZero() {
		if !alive(v, now) {
			session.Proofs = nil
		}
		old, again := session.TokenHash, session.SignInAgain
		if by == identity.MethodPasskeyAlone {
			again = session.SignInWithPasskey
		}
		secret := again(u, remember, now)
		err := tx.RenewSession(ctx, session, old)
		if errors.Is(err, storage.ErrNotFound) {
			err = errOutdated
		}
		return session, secret, err
	}
	if err := endSession(ctx, tx, c, session, now); err != nil {
		return session, "", err
	}
	begin := identity.NewSession
	if by == identity.MethodPasskeyAlone {
		begin = identity.NewPasskeySession
	}
	session, secret := begin(u, remember, now)
	session.Address, session.UserAgent = c.Origin.Address, c.Origin.UserAgent
	return session, secret, tx.AddSession(ctx, session)
}

// alive reports whether the session still counts for somebody who asks for nothing special: the
// client may want a newer password, and the session lives on.
func alive(v visit, now time.Time) bool {
	plain := identity.Wants{AccountID: v.request.Wants.AccountID}
	return identity.Decide(now, v.person, v.session.Evidence(), plain).Step != identity.StepSignIn
}

// inviteIfDue mails the link when the step that follows is to set up an app, and none is under way.
func (d *Door) inviteIfDue(ctx context.Context, tx *storage.Tx, c Caller, p identity.Person, s identity.Session, request identity.AuthorizationRequest, now time.Time) error {
	decision := identity.Decide(now, p, s.Evidence(), request.Wants)
	if request.ID == "" || decision.Step != identity.StepEnroll {
		return nil
	}
	open, err := linkUnderWay(ctx, tx.Queries, p.ID, now)
	if err != nil || open {
		return err
	}
	return d.invite(ctx, tx, c, p.User, decision.Membership.Account, now)
}
