package login

import (
	"context"
	"errors"
	"net/http"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// recoveryCodesPath is where a person makes new recovery codes.
const recoveryCodesPath = "/settings/recovery-codes"

// showRegenerate says how many codes are left and offers new ones. It is a page behind fresh proof, and shows no code: what is kept of them
// is a hash.
func (d *Door) showRegenerate(w http.ResponseWriter, r *http.Request, v visit) error {
	if !v.person.CanRecover() {
		return seeOther(w, r, settingsPath)
	}
	page := templates.RegenerateCodes{Action: recoveryCodesPath, BackURL: settingsPath}
	left, err := d.cfg.DB.CountRecoveryCodes(r.Context(), v.person.ID)
	if err != nil {
		return err
	}
	one, err := d.cfg.DB.AnyRecoveryCode(r.Context(), v.person.ID)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	page.Left, page.MadeAt = left, one.CreatedAt
	return d.showOwn(w, r, v, page)
}

// submitRegenerate answers with the new codes; a reload of the answer makes newer ones, and says so in a letter.
func (d *Door) submitRegenerate(w http.ResponseWriter, r *http.Request, v visit) error {
	codes, err := d.RegenerateRecoveryCodes(r.Context(), d.self(r))
	if errors.Is(err, errOutdated) {
		return seeOther(w, r, settingsPath)
	}
	if err != nil {
		return err
	}
	return d.showOwn(w, r, v, templates.RecoveryCodes{
		Codes: codes, Email: v.person.Email, NextURL: settingsPath, RegenerateURL: recoveryCodesPath,
	})
}

// RegenerateRecoveryCodes makes a new set for a person who has just proven who they are; the old one is worth nothing from then on
// (SECURITY R16). Of two requests at once the later set stands.
func (d *Door) RegenerateRecoveryCodes(ctx context.Context, c Caller) (codes []string, err error) {
	now := d.cfg.Now()
	v, err := look(ctx, d.cfg.DB.Queries, c, now)
	if err == nil {
		err = mayRegenerate(v)
	}
	if err == nil {
		err = mustBeFresh(v, now)
	}
	if err != nil {
		return nil, err
	}
	set, err := d.newRecoveryCodes(ctx, v.person.ID, now)
	if err != nil {
		return nil, err
	}
	err = d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		current, err := look(ctx, tx.Queries, c, now)
		if err != nil {
			return err
		}
		if err := mayRegenerate(current); err != nil || current.person.ID != v.person.ID {
			return errors.Join(err, errOutdated)
		}
		if err := mustBeFresh(current, now); err != nil {
			return err
		}
		return errors.Join(
			tx.ReplaceRecoveryCodes(ctx, v.person.ID, set.hashed),
			d.cfg.Outbox.Notify(ctx, tx, current.person.User, c.Origin, mail.Notice{Kind: templates.RecoveryCodesMade}, now),
			tx.Record(ctx, c.by(v.person.ID, identity.EventRecoveryCodesMade, now)))
	})
	if err != nil {
		return nil, err // nobody is shown codes that are not kept
	}
	return set.shown, nil
}

// mayRegenerate fails with errOutdated for who is not logged in or has nothing that a recovery code could stand in for.
func mayRegenerate(v visit) error {
	if !v.signedIn() || !v.person.CanRecover() {
		return errOutdated
	}
	return nil
}
