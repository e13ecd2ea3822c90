package login

import (
	"context"
	"net/netip"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// knownBrowser is the bucket of the browsers that have logged the person in before: a stranger's
// wrong passwords do not lock them out (SECURITY R45).
const knownBrowser = "browser"

// bucketOf returns the bucket in which a browser's passwords for a person are counted. It is looked
// up for nobody as well, so that the answer takes as long.
func (d *Door) bucketOf(ctx context.Context, c Caller, user identity.UserID) (string, error) {
	known, err := d.cfg.DB.KnowsBrowser(ctx, identity.DigestOf(c.Browser), user)
	if known && c.Browser != "" {
		return knownBrowser, err
	}
	return "", err
}

// countPassword counts a password ahead of its judgement: for its address, and for the person
// unless user is empty. It is refused when the address has tried too much; it reports a positive
// wait when the person's counter blocks.
func (d *Door) countPassword(ctx context.Context, c Caller, user identity.UserID, bucket string, now time.Time) (wait time.Duration, err error) {
	crowded := false
	err = d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		n, err := tx.CountAddress(ctx, addressBucket(c.Origin.Address), "login", identity.AddressInterval, now)
		if crowded = n > d.cfg.AddressLogins; err != nil || crowded || user == "" {
			return err
		}
		_, wait, err = begin(ctx, tx, user, identity.AttemptPassword, bucket, now)
		return err
	})
	if err == nil && crowded {
		err = refused{templates.TooManyAttempts, identity.AddressInterval}
	}
	return wait, err
}

// uncount takes back an attempt that could not be judged, because too much was being
// hashed; the address keeps it.
func (d *Door) uncount(ctx context.Context, user identity.UserID, kind identity.AttemptKind, bucket string, begun time.Time) error {
	return d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		a, err := tx.Attempts(ctx, user, kind, bucket)
		if err != nil || a.Failures == 0 {
			return err
		}
		a.TakeBack(begun)
		return tx.SaveAttempts(ctx, a)
	})
}

// countCode counts a code ahead of its judgement, or is refused while the counter blocks. Codes
// have one bucket for all browsers, because who enters them knows the password.
func (d *Door) countCode(ctx context.Context, user identity.UserID, now time.Time) (counted identity.Attempts, err error) {
	var wait time.Duration
	err = d.cfg.DB.Write(ctx, func(tx *storage.Tx) (err error) {
		counted, wait, err = begin(ctx, tx, user, identity.AttemptCode, "", now)
		return err
	})
	if err == nil && wait > 0 {
		err = refused{templates.TooManyAttempts, wait}
	}
	return counted, err
}

// countRecoveryCode counts a recovery code as a code, and for its address: each costs a hash.
func (d *Door) countRecoveryCode(ctx context.Context, c Caller, user identity.UserID, now time.Time) (counted identity.Attempts, err error) {
	var wait time.Duration
	err = d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		n, err := tx.CountAddress(ctx, addressBucket(c.Origin.Address), "recovery-code", identity.AddressInterval, now)
		if err != nil {
			return err
		}
		if n > d.cfg.AddressLogins {
			wait = identity.AddressInterval
			return nil
		}
		counted, wait, err = begin(ctx, tx, user, identity.AttemptCode, "", now)
		return err
	})
	if err == nil && wait > 0 {
		err = refused{templates.TooManyAttempts, wait}
	}
	return counted, err
}

// begin reads, counts and writes in the caller's transaction. While the counter blocks it stays as it
// is: knocking does not make the wait longer.
func begin(ctx context.Context, tx *storage.Tx, user identity.UserID, kind identity.AttemptKind, bucket string, now time.Time) (a identity.Attempts, wait time.Duration, err error) {
	if a, err = tx.Attempts(ctx, user, kind, bucket); err != nil {
		return a, 0, err
	}
	allowed, wait := a.Begin(now)
	if !allowed {
		return a, wait, nil
	}
	return a, 0, tx.SaveAttempts(ctx, a)
}

// addressBucket is the address, or the /64 of an IPv6 one: that is what one subscriber holds.
func addressBucket(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address // whoever sends us here counts together
	}
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	network, err := a.Prefix(64)
	if err != nil {
		return a.String()
	}
	return network.String()
}
