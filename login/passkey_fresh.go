package login

import (
	"context"
	"net/http"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// freshQuestion is what a passkey is asked for before credentials change. Where the password is not fresh either, a device that
// verifies its user answers both at once.
func freshQuestion(v visit, now time.Time) question {
	step := identity.DecideFresh(now, v.person, v.session.Evidence())
	return question{identity.CeremonyFresh, v.person.User, step == identity.StepSignIn}
}

// askFresh asks the person who is logged in.
func (d *Door) askFresh(w http.ResponseWriter, r *http.Request, v visit) error {
	if !v.person.Passkeys {
		return problem{http.StatusForbidden}
	}
	return d.ask(w, r, freshQuestion(v, d.cfg.Now()))
}

// askReset asks the person whose reset link this browser has opened.
func (d *Door) askReset(w http.ResponseWriter, r *http.Request) error {
	v, err := d.resetIn(r)
	if err != nil {
		return err
	}
	if !v.takesPasskey() {
		return problem{http.StatusForbidden}
	}
	return d.ask(w, r, question{purpose: identity.CeremonyReset, user: v.person.User})
}

// ConfirmPasskey proves a passkey once more in the caller's session: as second factor, or as everything that is missing.
func (d *Door) ConfirmPasskey(ctx context.Context, c Caller, answer string) (Cookie, error) {
	now := d.cfg.Now()
	v, err := look(ctx, d.cfg.DB.Queries, c, now)
	if err != nil {
		return Cookie{}, err
	}
	if !v.signedIn() || !v.person.Passkeys {
		return Cookie{}, errOutdated
	}
	q := freshQuestion(v, now)
	right, err := d.judgePasskey(ctx, c, q, answer, now)
	if err != nil {
		return Cookie{}, err
	}
	return d.prove(ctx, c, right.user, right.method(q.verify), now, func(tx *storage.Tx) error { return right.keep(ctx, tx) })
}
