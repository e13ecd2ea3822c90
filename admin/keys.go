package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// algorithms are those a signing key is kept ready for.
var algorithms = []identity.Algorithm{identity.RS256, identity.ES256}

// Keys returns all signing keys, the oldest first.
func (a *Admin) Keys(ctx context.Context) ([]identity.SigningKey, error) {
	return a.db.SigningKeys(ctx)
}

// EnsureKeys makes the signing keys that are missing, active at once, and rotates those that have served
// their time. It is meant to be called at start and every hour, by every replica: only the first one
// changes anything.
func (a *Admin) EnsureKeys(ctx context.Context) error {
	_, err := a.replaceKeys(ctx, identity.Origin{Actor: "system"}, func(young identity.SigningKey, now time.Time) (time.Time, bool) {
		switch {
		case young.ID == "":
			return now, true
		case !now.Before(young.ActiveAt.Add(identity.KeyRotation - identity.KeyPublishAhead)):
			return now.Add(identity.KeyPublishAhead), true
		}
		return time.Time{}, false
	}, false)
	return err
}

// RotateKeys makes new signing keys now and returns them. They are published at once and take over an
// hour later, when every relying party has had time to see them; the old ones stay published until
// their last token is dead.
//
// With revoke, which is for keys that have leaked, the new keys take over now and the old ones are gone:
// whatever they signed is worth nothing any more.
func (a *Admin) RotateKeys(ctx context.Context, revoke bool) ([]identity.SigningKey, error) {
	return a.replaceKeys(ctx, operator, func(young identity.SigningKey, now time.Time) (time.Time, bool) {
		if revoke || young.ID == "" {
			return now, true
		}
		return now.Add(identity.KeyPublishAhead), true
	}, revoke)
}

// due answers when a successor of the youngest key should become active, and whether it is time to make
// one. A key without an ID stands for none.
type due func(youngest identity.SigningKey, now time.Time) (activeAt time.Time, yes bool)

// replaceKeys makes a successor for each algorithm that is due. Keys are generated ahead of the
// transaction, because RSA takes its time; what is due is judged again inside.
func (a *Admin) replaceKeys(ctx context.Context, by identity.Origin, due due, revoke bool) ([]identity.SigningKey, error) {
	now := a.now()
	existing, err := a.db.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	fresh := map[identity.Algorithm]identity.SigningKey{}
	for _, alg := range algorithms {
		if activeAt, yes := due(youngest(existing, alg), now); yes {
			if fresh[alg], err = identity.NewSigningKey(alg, now, activeAt); err != nil {
				return nil, err
			}
		}
	}
	if len(fresh) == 0 {
		return nil, nil
	}
	var made []identity.SigningKey
	err = a.write(ctx, func(tx *storage.Tx) (err error) {
		made, err = succeed(ctx, tx, by, fresh, due, revoke, now)
		return err
	})
	for _, k := range made {
		if err == nil {
			a.log.Info("signing key made", "kid", k.ID, "algorithm", k.Algorithm, "active_at", k.ActiveAt, "revoked_others", revoke)
		}
	}
	return made, err
}

// succeed saves the fresh keys that are still due and lets the ones before them go.
func succeed(ctx context.Context, tx *storage.Tx, by identity.Origin, fresh map[identity.Algorithm]identity.SigningKey,
	due due, revoke bool, now time.Time) (made []identity.SigningKey, err error) {
	existing, err := tx.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	for _, alg := range algorithms {
		next, ready := fresh[alg]
		if _, yes := due(youngest(existing, alg), now); !ready || !yes {
			continue
		}
		for _, old := range existing {
			if old.Algorithm == alg && letGo(&old, next, revoke, now) {
				if err := tx.SaveSigningKey(ctx, old); err != nil {
					return nil, err
				}
			}
		}
		e := by.Event(identity.EventKeyRotated, now)
		e.Detail = fmt.Sprintf("%s %s active at %s", alg, next.ID, next.ActiveAt.Format(time.RFC3339))
		if revoke {
			e.Detail += ", older ones revoked"
		}
		if err := errors.Join(tx.SaveSigningKey(ctx, next), tx.Record(ctx, e)); err != nil {
			return nil, err
		}
		made = append(made, next)
	}
	return made, nil
}

// letGo plans the end of an old key, and reports whether that changed it.
func letGo(old *identity.SigningKey, next identity.SigningKey, revoke bool, now time.Time) bool {
	switch {
	case revoke && old.Published(now):
		old.Revoke(now)
	case !revoke && old.ExpiresAt.IsZero():
		old.Retire(next.ActiveAt)
	default:
		return false
	}
	return true
}

// youngest returns the key of an algorithm that nothing has succeeded yet.
func youngest(keys []identity.SigningKey, alg identity.Algorithm) (k identity.SigningKey) {
	for _, candidate := range keys {
		if candidate.Algorithm == alg && candidate.ExpiresAt.IsZero() {
			k = candidate
		}
	}
	return k
}

// RewrapSecrets seals everything in the database with the first key of the key file, so that the others can be
// taken out of it. The server may run on meanwhile.
func (a *Admin) RewrapSecrets(ctx context.Context) (storage.Rewrapped, error) {
	done, err := a.db.Rewrap(ctx)
	if err != nil || done.Sealed == 0 {
		return done, err
	}
	detail := fmt.Sprintf("%d values sealed with the first sealing key", done.Sealed)
	return done, a.write(ctx, func(tx *storage.Tx) error {
		return a.record(ctx, tx, identity.EventKeyRotated, concerning{}, detail, a.now())
	})
}
