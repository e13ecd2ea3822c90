package login

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"github.com/go-webauthn/webauthn/protocol"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// question is what a passkey is asked for.
type question struct {
	purpose identity.CeremonyPurpose
	user    identity.User // zero: anybody, the passkey says who it is
	verify  bool          // the device has to verify its user
}

// answeredBy is a passkey whose answer was right. The act it was used for writes it down, see [answeredBy.keep].
type answeredBy struct {
	passkey  identity.Passkey
	user     identity.User
	verified bool // the device has verified its user, in this answer
}

// method is what the answer proves: who somebody is, where the device has verified its user and nothing else was proven.
func (a answeredBy) method(alone bool) identity.Method {
	if alone && a.verified {
		return identity.MethodPasskeyAlone
	}
	return identity.MethodPasskey
}

// keep writes the passkey's counter down, in the transaction of what it was used for. A login that was faster, or the removal of the
// passkey, makes the answer worthless.
func (a answeredBy) keep(ctx context.Context, tx *storage.Tx) error {
	err := tx.UsePasskey(ctx, a.passkey)
	if errors.Is(err, storage.ErrNotFound) {
		return refused{Reason: templates.PasskeyNotAccepted}
	}
	return err
}

// doubt says why an answer is not accepted: for the audit trail, not for people.
type doubt struct{ reason string }

// Error implements error.
func (d doubt) Error() string { return d.reason }

// judgePasskey judges a browser's answer to a question. The challenge is spent first, in a transaction of its own, so that nothing undoes
// it; whatever is wrong with the answer is refused alike.
func (d *Door) judgePasskey(ctx context.Context, c Caller, q question, answer string, now time.Time) (answeredBy, error) {
	a, err := d.passkeyAnswer(ctx, c, q, answer, now)
	var why doubt
	if !errors.As(err, &why) {
		return a, err
	}
	wrong := c.Origin.Event(identity.EventPasskeyRefused, now)
	wrong.Detail = why.reason
	return answeredBy{}, d.refuse(ctx, c, wrong, a.user.ID, templates.PasskeyNotAccepted)
}

// passkeyAnswer is judgePasskey without the record. With a doubt it returns whom the answer claimed to be, as far as that is known.
func (d *Door) passkeyAnswer(ctx context.Context, c Caller, q question, answer string, now time.Time) (a answeredBy, err error) {
	a.user = q.user
	if d.passkeys == nil {
		return a, doubt{"passkeys are off: the issuer is an IP address"}
	}
	said, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return a, doubt{"not an answer: " + brief(err)}
	}
	challenge := said.Response.CollectedClientData.Challenge
	if err := d.spend(ctx, c, q, challenge, now); err != nil {
		return a, err
	}
	a.passkey, err = d.cfg.DB.PasskeyByCredential(ctx, base64.RawURLEncoding.EncodeToString(said.RawID))
	if errors.Is(err, storage.ErrNotFound) {
		return a, doubt{"nobody's passkey"}
	}
	if err != nil {
		return a, err
	}
	if q.user.ID != "" && a.passkey.UserID != q.user.ID {
		return a, doubt{"another person's passkey"}
	}
	if a.user, err = d.cfg.DB.User(ctx, a.passkey.UserID); err != nil {
		return a, err
	}
	alone := q.user.ID == ""
	if err := d.passkeys.used(owner{a.user, []identity.Passkey{a.passkey}}, alone, q.verify, challenge, said); err != nil {
		return a, doubt{brief(err)}
	}
	device := said.Response.AuthenticatorData
	if err := a.passkey.Use(device.Counter, device.Flags.HasBackupState(), now); err != nil {
		d.cfg.Log.WarnContext(ctx, "a passkey may have been copied", "user", a.user.ID, "passkey", a.passkey.ID, "error", err)
		return a, doubt{a.passkey.ID + ": " + err.Error()}
	}
	a.verified = device.Flags.HasUserVerified()
	if a.user.Disabled() {
		return a, doubt{"the person is disabled"}
	}
	return a, nil
}

// spend uses a challenge up and says whether it was meant for this answer.
func (d *Door) spend(ctx context.Context, c Caller, q question, challenge string, now time.Time) error {
	var ceremony identity.Ceremony
	err := d.cfg.DB.Write(ctx, func(tx *storage.Tx) (err error) {
		ceremony, err = tx.SpendCeremony(ctx, identity.DigestOf(challenge))
		return err
	})
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return doubt{"nobody asked, or it was answered before"}
	case err != nil:
		return err
	case !ceremony.AsksFor(q.purpose, q.user.ID, c.Browser, now):
		return doubt{"asked for something else, in another browser, of somebody else or too long ago"}
	}
	return nil
}

// brief is what a library says about an answer, without what was in it.
func brief(err error) string {
	var known *protocol.Error
	if errors.As(err, &known) {
		return known.Details
	}
	if errors.Is(err, errOrigin) {
		return err.Error()
	}
	return "unreadable"
}
