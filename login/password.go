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

// passwordPath is where a person changes the password.
const passwordPath = "/settings/password"

func (d *Door) changePasswordPage(v visit, no refused) templates.ChangePassword {
	return templates.ChangePassword{
		Action: passwordPath, Email: v.person.Email, HasPassword: v.person.PasswordHash != "", MinLength: d.cfg.PasswordMin,
		BackURL: settingsPath, Refusal: no.Reason, Wait: no.Wait,
	}
}

// showPassword asks for the password there is and for the new one.
func (d *Door) showPassword(w http.ResponseWriter, r *http.Request, v visit) error {
	return d.showOwn(w, r, v, d.changePasswordPage(v, refused{}))
}

// submitPasswordChange goes back to Settings, in the only session that is left.
func (d *Door) submitPasswordChange(w http.ResponseWriter, r *http.Request, v visit) error {
	caller := d.self(r)
	caller.Browser = d.Browser(w, r)
	cookie, err := d.ChangePassword(r.Context(), caller, r.PostForm.Get(templates.FieldCurrentPassword), r.PostForm.Get(templates.FieldPassword))
	if no := (refused{}); errors.As(err, &no) {
		return comesBack{d.changePasswordPage(v, no), v.words(), no}
	}
	if errors.Is(err, errOutdated) {
		return seeOther(w, r, passwordPath)
	}
	if err != nil {
		return err
	}
	d.setSession(w, cookie)
	return seeOther(w, r, settingsPath+"?saved")
}

// ChangePassword replaces the password of a person who knows the one there is and has just proven who they are (SECURITY R5). Every other
// session ends, with all that clients were given; the person is told.
func (d *Door) ChangePassword(ctx context.Context, c Caller, current, next string) (cookie Cookie, err error) {
	now := d.cfg.Now()
	v, err := look(ctx, d.cfg.DB.Queries, c, now)
	if err == nil {
		err = mustBeFresh(v, now)
	}
	if err == nil {
		err = d.checkNew(ctx, v.person, next) // before the password that is counted: advice costs no attempt
	}
	if err != nil {
		return Cookie{}, err
	}
	bucket, err := d.judgeCurrentPassword(ctx, c, v, current, now)
	if err != nil {
		return Cookie{}, err
	}
	if current == next {
		return Cookie{}, refused{Reason: templates.PasswordSame}
	}
	phc, err := d.cfg.Hasher.Hash(ctx, next)
	if err != nil {
		return Cookie{}, err
	}
	err = d.freshly(ctx, c, now, func(tx *storage.Tx, latest visit) error {
		u := latest.person.User
		if u.ID != v.person.ID || u.PasswordHash != v.person.PasswordHash {
			return errOutdated
		}
		u.SetPassword(phc, now)
		if err := tx.SaveUser(ctx, u); err != nil {
			return err
		}
		cookie, err = outlive(ctx, tx, latest.session, u, now)
		return errors.Join(err,
			tx.ClearAttempts(ctx, u.ID, identity.AttemptPassword, bucket),
			d.cfg.Outbox.Notify(ctx, tx, u, c.Origin, mail.Notice{Kind: templates.PasswordChanged}, now),
			tx.Record(ctx, c.by(u.ID, identity.EventPasswordChanged, now)))
	})
	return cookie, err
}

// judgeCurrentPassword judges the password there is. Who has none, because they log in with a passkey, sets the first one here.
func (d *Door) judgeCurrentPassword(ctx context.Context, c Caller, v visit, current string, now time.Time) (bucket string, err error) {
	if v.person.PasswordHash == "" {
		_, err := d.countPassword(ctx, c, "", "", now)
		return "", err
	}
	bucket, err = d.judgeOwnPassword(ctx, c, v.person.User, current, now)
	if no := (refused{}); errors.As(err, &no) {
		switch no.Reason {
		case templates.PasswordMissing:
			no.Reason = templates.CurrentPasswordMissing
		case templates.WrongPassword:
			no.Reason = templates.WrongCurrentPassword
		}
		return "", no
	}
	return bucket, err
}
