package admin

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// AddClient registers a client with the defaults for what is left out, and returns its secret, which is
// not kept and cannot be shown again. Public clients and those that sign with a key of their own have
// none.
func (a *Admin) AddClient(ctx context.Context, c identity.Client) (identity.Client, string, error) {
	now := a.now()
	c = c.WithDefaults()
	c.CreatedAt, c.UpdatedAt = now, now
	if err := validateClient(c); err != nil {
		return c, "", err
	}
	secret := ""
	if hasSecret(c) {
		secret = c.RotateSecret(0, now)
	}
	err := a.write(ctx, func(tx *storage.Tx) error {
		_, err := tx.Client(ctx, c.ID)
		if err == nil {
			return refuse("vestibule client list", "there is a client %q already", c.ID)
		}
		if !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		return a.saveClient(ctx, tx, c, "added", now)
	})
	return c, secret, err
}

// hasSecret reports whether the client proves who it is by a secret it shares with us.
func hasSecret(c identity.Client) bool {
	return c.AuthMethod == identity.AuthBasic || c.AuthMethod == identity.AuthPost
}

// validateClient adds to the rules of a record what only matters when it is registered.
func validateClient(c identity.Client) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if c.AuthMethod != identity.AuthPrivateKeyJWT {
		return nil
	}
	if _, err := c.Keys(); err != nil {
		return refuse(`{"keys": [{"kty": "EC", …}]}`, "client %s: %v", c.ID, err)
	}
	return nil
}

// saveClient saves and records in one, so that no change of a client goes without its line.
func (a *Admin) saveClient(ctx context.Context, tx *storage.Tx, c identity.Client, detail string, now time.Time) error {
	return errors.Join(
		tx.SaveClient(ctx, c),
		a.record(ctx, tx, identity.EventClientChanged, concerning{client: c.ID}, detail, now))
}

// Clients returns all clients, by id.
func (a *Admin) Clients(ctx context.Context) ([]identity.Client, error) { return a.db.Clients(ctx) }

// RotateClientSecret gives a client a new secret and lets the old one live until overlap has passed, so
// that the product can be redeployed in between. The new secret is returned and not kept.
func (a *Admin) RotateClientSecret(ctx context.Context, id identity.ClientID, overlap time.Duration) (secret string, err error) {
	now := a.now()
	err = a.write(ctx, func(tx *storage.Tx) error {
		c, err := findClient(ctx, tx.Queries, id)
		if err != nil {
			return err
		}
		if !hasSecret(c) {
			return refuse("", "client %s has no secret: its auth_method is %s", id, c.AuthMethod)
		}
		secret = c.RotateSecret(overlap, now)
		return a.saveClient(ctx, tx, c, "secret rotated, the old one lives "+overlap.String(), now)
	})
	return secret, err
}
