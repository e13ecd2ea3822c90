package storage_test

import (
	"errors"
	"testing"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

func TestTwoPeopleMayShareABrowser(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, a := t.Context(), ada(t, db)
		b, _ := identity.NewUser("ben@example.com", "Ben", noon)
		browser := identity.DigestOf("the family's laptop")
		write(t, db, func(tx *storage.Tx) error {
			return errors.Join(tx.SaveUser(ctx, b),
				tx.RememberBrowser(ctx, browser, a.ID, noon), tx.RememberBrowser(ctx, browser, b.ID, noon), tx.RememberBrowser(ctx, browser, a.ID, noon))
		})
		for _, u := range []identity.UserID{a.ID, b.ID} {
			if known, err := db.KnowsBrowser(ctx, browser, u); !known || err != nil {
				t.Errorf("%s: known %v, %v", u, known, err)
			}
		}
		if known, _ := db.KnowsBrowser(ctx, identity.DigestOf("another"), a.ID); known {
			t.Error("a browser nobody has seen is known")
		}
	})
}
