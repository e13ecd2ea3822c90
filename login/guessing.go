package login

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// TellGuessing writes to everybody whose password somebody has guessed at a hundred times in a row (SECURITY R45), once for each run of
// wrong ones. It is a background job: a login that wrote the letter itself would take longer than one with an address that nobody
// has (R44).
func (d *Door) TellGuessing(ctx context.Context) error {
	for {
		err := d.cfg.DB.Write(ctx, func(tx *storage.Tx) error { return d.tellGuessing(ctx, tx, d.cfg.Now()) })
		if errors.Is(err, storage.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// tellGuessing tells one person. Nothing is done to the login: whoever guesses could otherwise lock its owner out.
func (d *Door) tellGuessing(ctx context.Context, tx *storage.Tx, now time.Time) error {
	guessed, err := tx.TakeGuessing(ctx, now)
	if err != nil {
		return err
	}
	user, err := tx.User(ctx, guessed.UserID)
	if err != nil {
		return err
	}
	told := identity.Origin{Actor: "system"}.Event(identity.EventGuessingTold, now)
	told.UserID = user.ID
	return errors.Join(
		d.cfg.Outbox.TellGuessing(ctx, tx, user, guessed.Bucket == knownBrowser, now),
		tx.Record(ctx, told))
}
