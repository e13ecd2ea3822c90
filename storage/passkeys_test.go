package storage_test

import (
	"errors"
	"testing"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

func TestPasskeysAreKeptWithAllThatDevicesSay(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, u := t.Context(), ada(t, db)
		laptop, key := identity.NewPasskey(u, "Laptop", noon), identity.NewPasskey(u, "Key", soon)
		laptop.CredentialID, laptop.PublicKey, laptop.Model = "credential-1", []byte{1, 0, 255}, "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4"
		laptop.Transports, laptop.BackupEligible, laptop.UserVerified = []string{"internal", "hybrid"}, true, true
		key.CredentialID, key.PublicKey, key.SignCount = "credential-2", []byte{2}, 4294967295
		write(t, db, func(tx *storage.Tx) error {
			return errors.Join(tx.AddPasskey(ctx, key), tx.AddPasskey(ctx, laptop))
		})
		same(t, "all", []identity.Passkey{laptop, key})(db.PasskeysOf(ctx, u.ID))
		same(t, "one", key)(db.PasskeyByCredential(ctx, "credential-2"))

		if err := laptop.Use(0, true, soon); err != nil {
			t.Fatal(err)
		}
		laptop.Name = "Old laptop"
		write(t, db, func(tx *storage.Tx) error {
			return errors.Join(tx.UsePasskey(ctx, laptop), tx.RenamePasskey(ctx, u.ID, laptop.ID, laptop.Name))
		})
		same(t, "used and renamed", laptop)(db.PasskeyByCredential(ctx, "credential-1"))
		write(t, db, func(tx *storage.Tx) error {
			gone, err := tx.DropPasskey(ctx, u.ID, laptop.ID)
			same(t, "dropped", laptop)(gone, err)
			return err
		})
		same(t, "what is left", []identity.Passkey{key})(db.PasskeysOf(ctx, u.ID))
	})
}

func TestR20_APasskeyBelongsToOnePersonAlone(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, w, other := t.Context(), newWorld(t, db), newWorld(t, db)
		taken := identity.NewPasskey(other.user, "Mine now", soon)
		taken.CredentialID, taken.PublicKey = w.passkey.CredentialID, []byte("another key")
		for what, act := range map[string]func(*storage.Tx) error{
			"added":   func(tx *storage.Tx) error { return tx.AddPasskey(ctx, taken) },
			"renamed": func(tx *storage.Tx) error { return tx.RenamePasskey(ctx, other.user.ID, w.passkey.ID, "Mine") },
			"removed": func(tx *storage.Tx) error { return read(tx.DropPasskey(ctx, other.user.ID, w.passkey.ID)) },
		} {
			if err := db.Write(ctx, act); !errors.Is(err, storage.ErrNotFound) && !errors.Is(err, storage.ErrExists) {
				t.Errorf("another person's passkey is %s: %v", what, err)
			}
		}
		write(t, db, func(tx *storage.Tx) error { return tx.DropPasskeys(ctx, other.user.ID) })
		same(t, "the passkey", w.passkey)(db.PasskeyByCredential(ctx, w.passkey.CredentialID))
	})
}

func TestR19_ACounterThatAnotherLoginHasRaisedDoesNotFall(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, w := t.Context(), newWorld(t, db)
		slow, fast := w.passkey, w.passkey
		if err := errors.Join(slow.Use(8, false, soon), fast.Use(9, false, soon)); err != nil {
			t.Fatal(err)
		}
		write(t, db, func(tx *storage.Tx) error { return tx.UsePasskey(ctx, fast) })
		if err := db.Write(ctx, func(tx *storage.Tx) error { return tx.UsePasskey(ctx, slow) }); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("the counter fell: %v", err)
		}
	})
}

func TestWhoHasAPasskeyIsKnownWhereverADecisionIsMade(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, w := t.Context(), newWorld(t, db)
		for _, want := range []bool{true, false} {
			p, err := db.Person(ctx, w.user.ID, soon)
			people, err2 := db.PeopleOf(ctx, w.account.ID, soon)
			standing, err3 := db.Standing(ctx, w.grant.ID)
			_, access, err4 := db.AccessStanding(ctx, w.access.Hash)
			if err := errors.Join(err, err2, err3, err4); err != nil {
				t.Fatal(err)
			}
			if p.Passkeys != want || people[0].Passkeys != want || standing.Person.Passkeys != want || access.Person.Passkeys != want {
				t.Errorf("%t %t %t %t, want %t", p.Passkeys, people[0].Passkeys, standing.Person.Passkeys, access.Person.Passkeys, want)
			}
			write(t, db, func(tx *storage.Tx) error { return tx.DropPasskeys(ctx, w.user.ID) })
		}
	})
}
