package mail

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// ChangeEmail writes the letters of a change of address that has begun: one link to the old address, one to the new. If the new one
// is another person's it is told that there is nothing to do, and whoever asked learns nothing: the change looks like any other and
// waits for a link that nobody was sent.
func (o Outbox) ChangeEmail(ctx context.Context, tx *storage.Tx, u identity.User, email string, taken bool, now time.Time) error {
	change, oldSecret, newSecret := identity.NewEmailChange(u, email, now)
	oldLink, err := o.link(identity.LinkEmailOld, oldSecret)
	if err != nil {
		return err
	}
	newLink, err := o.link(identity.LinkEmailNew, newSecret)
	if err != nil {
		return err
	}
	there := u
	there.Email = email
	toOld, err := templates.ConfirmEmail{Name: u.Name, Old: u.Email, New: email, Link: oldLink, ExpiresAt: change.Old.ExpiresAt}.Letter(o.frame(u))
	if err != nil {
		return err
	}
	toNew, err := templates.ConfirmNewEmail{New: email, Link: newLink, ExpiresAt: change.New.ExpiresAt}.Letter(o.frame(u))
	if taken {
		toNew, err = templates.EmailTaken{Email: email}.Letter(o.frame(u))
	}
	return errors.Join(err,
		tx.AddLink(ctx, change.Old), tx.AddLink(ctx, change.New),
		o.post(ctx, tx, u, "email-old", toOld, now), o.post(ctx, tx, there, "email-new", toNew, now))
}
