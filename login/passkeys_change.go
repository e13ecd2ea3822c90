package login

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// AddPasskey judges what a device says about a new passkey of the caller's, and keeps it. Nothing that was open before becomes less true, so
// it ends no session. Whoever has no recovery codes gets them with it.
func (d *Door) AddPasskey(ctx context.Context, c Caller, name, answer string) (Passed, error) {
	now := d.cfg.Now()
	v, err := look(ctx, d.cfg.DB.Queries, c, now)
	if err == nil {
		err = mustBeFresh(v, now)
	}
	if err == nil {
		err = maySetUp(ctx, d.cfg.DB.Queries, v)
	}
	if err != nil {
		return Passed{}, err
	}
	made := identity.NewPasskey(v.person.User, name, now)
	if made.Name == "" {
		return Passed{}, refused{Reason: templates.PasskeyNameMissing}
	}
	if err := d.judgeNewPasskey(ctx, c, v.person.User, answer, &made, now); err != nil {
		return Passed{}, err
	}
	var codes codeSet
	if n, err := d.cfg.DB.CountRecoveryCodes(ctx, v.person.ID); err != nil {
		return Passed{}, err
	} else if n == 0 {
		if codes, err = d.newRecoveryCodes(ctx, v.person.ID, now); err != nil {
			return Passed{}, err
		}
	}
	cookie, err := d.keepPasskey(ctx, c, made, codes, now)
	return Passed{Cookie: cookie, NewCodes: codes.shown}, err
}

// judgeNewPasskey spends the challenge first, as [Door.judgePasskey] does, and fills in what the device says.
func (d *Door) judgeNewPasskey(ctx context.Context, c Caller, u identity.User, answer string, made *identity.Passkey, now time.Time) error {
	err := func() error {
		if d.passkeys == nil {
			return doubt{"passkeys are off: the issuer is an IP address"}
		}
		said, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
		if err != nil {
			return doubt{"not an answer: " + brief(err)}
		}
		challenge := said.Response.CollectedClientData.Challenge
		if err := d.spend(ctx, c, question{purpose: identity.CeremonyRegister, user: u}, challenge, now); err != nil {
			return err
		}
		if err := d.passkeys.registered(owner{user: u}, challenge, said, made); err != nil {
			return doubt{brief(err)}
		}
		return nil
	}()
	if why := (doubt{}); errors.As(err, &why) {
		wrong := c.Origin.Event(identity.EventPasskeyRefused, now)
		wrong.Detail = why.reason
		return d.refuse(ctx, c, wrong, u.ID, templates.PasskeyNotAccepted)
	}
	return err
}

// keepPasskey adds a passkey that was judged. Making it has proven it as well, so that the person is not asked for it at once.
func (d *Door) keepPasskey(ctx context.Context, c Caller, made identity.Passkey, codes codeSet, now time.Time) (cookie Cookie, err error) {
	err = d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		v, err := look(ctx, tx.Queries, c, now)
		if err == nil {
			err = mustBeFresh(v, now)
		}
		if err != nil {
			return err
		}
		if err := maySetUp(ctx, tx.Queries, v); err != nil {
			return err
		}
		all, err := tx.PasskeysOf(ctx, made.UserID)
		switch {
		case err != nil:
			return err
		case v.person.ID != made.UserID:
			return errOutdated
		case len(all) >= identity.MaxPasskeys:
			return refused{Reason: templates.TooManyPasskeys}
		}
		if err := tx.AddPasskey(ctx, made); errors.Is(err, storage.ErrExists) {
			return refused{Reason: templates.PasskeyKnown}
		} else if err != nil {
			return err
		}
		if codes.hashed != nil {
			err = tx.ReplaceRecoveryCodes(ctx, made.UserID, codes.hashed)
		}
		old := v.session.TokenHash
		cookie = Cookie{Secret: v.session.Prove(identity.Proof{Method: identity.MethodPasskey, At: now}), Remember: v.session.Remember}
		added := c.by(made.UserID, identity.EventPasskeyAdded, now)
		added.Detail = made.ID
		notice := mail.Notice{Kind: templates.PasskeyAdded, Detail: made.Name, Subject: made.ID, FirstFactor: !v.person.CanRecover()}
		return errors.Join(err, renew(ctx, tx, v.session, old), tx.Record(ctx, added),
			d.cfg.Outbox.Notify(ctx, tx, v.person.User, c.Origin, notice, now))
	})
	return cookie, err
}

// RenamePasskey gives one of the caller's passkeys another name. That changes no credential, so it asks for no fresh proof.
func (d *Door) RenamePasskey(ctx context.Context, c Caller, id, name string) error {
	name = identity.PasskeyName(name)
	if name == "" {
		return refused{Reason: templates.PasskeyNameMissing}
	}
	now := d.cfg.Now()
	return d.asThemselves(ctx, c, now, func(tx *storage.Tx, v visit) error {
		renamed := c.by(v.person.ID, identity.EventPasskeyRenamed, now)
		renamed.Detail = id
		return errors.Join(tx.RenamePasskey(ctx, v.person.ID, id, name), tx.Record(ctx, renamed))
	})
}

// lockedOut is the error of a change that would lock a person out of accounts that ask for a second factor.
type lockedOut struct{ accounts []string }

// Error implements error.
func (l lockedOut) Error() string {
	return "no second factor is left for " + strings.Join(l.accounts, ", ")
}

// namesOf are the accounts a person would be locked out of; nil if there are none.
func namesOf(accounts []identity.Account) error {
	if len(accounts) == 0 {
		return nil
	}
	var locked lockedOut
	for _, a := range accounts {
		locked.accounts = append(locked.accounts, a.Name)
	}
	return locked
}

// RemovePasskey forgets one of the caller's passkeys, with everything that is open elsewhere: whoever has the device is out. The last
// second factor that an account insists on stays (SECURITY R21).
func (d *Door) RemovePasskey(ctx context.Context, c Caller, id string) (cookie Cookie, err error) {
	now := d.cfg.Now()
	err = d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		v, err := look(ctx, tx.Queries, c, now)
		if err == nil {
			err = mustBeFresh(v, now)
		}
		if err != nil {
			return err
		}
		gone, err := tx.DropPasskey(ctx, v.person.ID, id)
		if err != nil {
			return err
		}
		left, err := tx.Person(ctx, v.person.ID, now)
		if err == nil {
			err = namesOf(v.person.LockedOutWith(left))
		}
		if err == nil && !left.CanRecover() { // they stand in for a factor, and there is none
			err = tx.DropRecoveryCodes(ctx, v.person.ID)
		}
		if err != nil {
			return err
		}
		user, old := v.person.User, v.session.TokenHash
		user.FactorRemoved(left, now)
		cookie = Cookie{Secret: v.session.Outlive(user, now), Remember: v.session.Remember}
		removed := c.by(user.ID, identity.EventPasskeyRemoved, now)
		removed.Detail = gone.ID
		notice := mail.Notice{Kind: templates.PasskeyRemoved, Detail: gone.Name}
		return errors.Join(tx.SaveUser(ctx, user), renew(ctx, tx, v.session, old),
			tx.EndOtherSessionsOf(ctx, user.ID, v.session.ID, now), tx.Record(ctx, removed),
			d.cfg.Outbox.Notify(ctx, tx, v.person.User, c.Origin, notice, now))
	})
	return cookie, err
}
