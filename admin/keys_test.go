package admin_test

import (
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

// signer is the key that signs at a moment: the youngest active one.
func signer(keys []identity.SigningKey, alg identity.Algorithm, at time.Time) (k identity.SigningKey) {
	for _, candidate := range keys {
		if candidate.Algorithm == alg && !candidate.ActiveAt.After(at) && !candidate.ActiveAt.Before(k.ActiveAt) {
			k = candidate
		}
	}
	return k
}

func (h *house) keys() []identity.SigningKey { return must(h.Keys(h.Context()))(h) }

func (h *house) ensureKeys() {
	h.Helper()
	if err := h.EnsureKeys(h.Context()); err != nil {
		h.Fatal(err)
	}
}

func TestEnsureKeys_AnEmptyDatabaseSignsAtOnceWithBothAlgorithms(t *testing.T) {
	each(t, func(h *house) {
		h.ensureKeys()
		keys := h.keys()
		for _, alg := range []identity.Algorithm{identity.RS256, identity.ES256} {
			k := signer(keys, alg, noon)
			if _, err := k.Signer(); err != nil || k.Algorithm != alg || !k.Published(noon.Add(time.Hour)) {
				h.Errorf("%s: %+v, %v", alg, k, err)
			}
		}
		h.ensureKeys()
		if again := h.keys(); len(again) != 2 {
			h.Errorf("%d keys after the second time", len(again))
		}
	})
}

func TestEnsureKeys_ReplicasThatStartTogetherMakeOneKeyEach(t *testing.T) {
	each(t, func(h *house) {
		var replicas sync.WaitGroup
		for range 6 {
			replicas.Go(h.ensureKeys)
		}
		replicas.Wait()
		if keys := h.keys(); len(keys) != 2 || h.events(identity.EventKeyRotated) != 2 {
			h.Errorf("%d keys, %d events", len(keys), h.events(identity.EventKeyRotated))
		}
	})
}

func TestEnsureKeys_RotatesAnHourBeforeTheThirtyDaysAreOver(t *testing.T) {
	each(t, func(h *house) {
		h.ensureKeys()
		h.now = noon.Add(identity.KeyRotation - identity.KeyPublishAhead - time.Second)
		h.ensureKeys()
		if n := len(h.keys()); n != 2 {
			h.Fatalf("%d keys before it is time", n)
		}
		h.now = h.now.Add(time.Second)
		h.ensureKeys()
		h.ensureKeys()
		keys := h.keys()
		if len(keys) != 4 {
			h.Fatalf("%d keys after the rotation", len(keys))
		}
		old, next := signer(keys, identity.ES256, h.now), signer(keys, identity.ES256, noon.Add(identity.KeyRotation))
		if old.ID == next.ID || next.ActiveAt != noon.Add(identity.KeyRotation) {
			h.Errorf("now %s signs, in an hour %s from %v", old.ID, next.ID, next.ActiveAt)
		}
		lastToken := next.ActiveAt.Add(identity.AccessTokenLifetime)
		if !next.Published(h.now) || !old.Published(lastToken.Add(24*time.Hour)) || old.Published(lastToken.Add(48*time.Hour)) {
			h.Errorf("old one until %v, next %+v", old.ExpiresAt, next)
		}
	})
}

func TestRotateKeys_TheNewKeyIsPublishedBeforeItSigns(t *testing.T) {
	each(t, func(h *house) {
		h.ensureKeys()
		before := signer(h.keys(), identity.RS256, noon)
		h.now = noon.Add(time.Minute)
		if made := must(h.RotateKeys(h.Context(), false))(h); len(made) != 2 {
			h.Fatalf("%d keys made", len(made))
		}
		keys := h.keys()
		if now := signer(keys, identity.RS256, h.now); now.ID != before.ID || !now.Published(h.now) {
			h.Error("the new key took over at once")
		}
		later := h.now.Add(identity.KeyPublishAhead)
		if next := signer(keys, identity.RS256, later); next.ID == before.ID {
			h.Error("the new key never takes over")
		}
	})
}

func TestRotateKeys_RevokedKeysAreGoneAtOnce(t *testing.T) {
	each(t, func(h *house) {
		h.ensureKeys()
		h.now = noon.Add(time.Minute)
		must(h.RotateKeys(h.Context(), false))(h) // one that waits for its hour may have leaked as well
		h.now = noon.Add(2 * time.Minute)
		made := must(h.RotateKeys(h.Context(), true))(h)
		for _, k := range h.keys() {
			isNew := k.ID == made[0].ID || k.ID == made[1].ID
			if k.Published(h.now) != isNew {
				h.Errorf("%s made at %v: published %v", k.Algorithm, k.CreatedAt, k.Published(h.now))
			}
		}
		if k := signer(h.keys(), identity.ES256, h.now); k.ID != made[1].ID {
			h.Error("the new key does not sign yet")
		}
		if later := signer(h.keys(), identity.ES256, h.now.Add(24*time.Hour)); later.ID != made[1].ID {
			h.Error("a revoked key signs again later")
		}
	})
}
