package storage_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// TestR87_AnEventIsFoundToBeInsertedWhereverItSortsAndHoweverTheDatabaseSorts: most databases are made with the rules of a language, and ids
// are texts like any other to whoever can write them.
func TestR87_AnEventIsFoundToBeInsertedWhereverItSortsAndHoweverTheDatabaseSorts(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		if db.Engine() == "postgres" {
			for _, column := range []string{"events ALTER id", "unsealed_events ALTER event_id", "audit_links ALTER id"} {
				if _, err := db.Writer().Exec("ALTER TABLE " + column + ` TYPE TEXT COLLATE "en-x-icu"`); err != nil {
					t.Fatal(err)
				}
			}
		}
		first := happened(t, db, noon, 3)
		sealed(t, db, 3)
		happened(t, db, noon.Add(time.Minute), 2)
		if report, findings := verified(t, db); report.Events != 3 || report.Unsealed != 2 || findings != "" {
			t.Fatalf("untouched: %+v %s", report, findings)
		}
		insert := "INSERT INTO events (id, at, kind, user_id, account_id, client_id, actor, address, user_agent, request_id, detail) SELECT '%s', at, kind, '', '', '', '', '', '', '', '' FROM events WHERE id = '%s'"
		forged := []string{"~", "~~", "~1", "ÿ", "ffffffff-ffff-7fff-8fff-ffffffffffff", "zz", "!", " ", identity.NewID()}
		var statements []string
		for _, id := range forged {
			statements = append(statements, fmt.Sprintf(insert, id, first[0].ID))
		}
		tampering(t, db, statements...)
		for range 2 {
			_, findings := verified(t, db)
			for _, id := range forged {
				if !strings.Contains(findings, "event "+id+" was inserted") {
					t.Errorf("%q is not found", id)
				}
			}
			if strings.Count(findings, " was ") != len(forged) {
				t.Errorf("found: %s", findings)
			}
			happened(t, db, noon.Add(time.Hour), 1)
			if _, err := db.SealEvents(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestAGrantThatNobodyHasRedeemedIsGoneAfterADay: whoever is logged in gets a code for the asking, so a product or a browser that asks in
// circles must not fill the database for a month.
func TestAGrantThatNobodyHasRedeemedIsGoneAfterADay(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		w, ctx := newWorld(t, db), t.Context()
		redeemed := w.grant
		redeemed.ID = identity.GrantID(identity.NewID())
		used, _ := identity.NewCode(redeemed, w.request, noon)
		device := redeemed // which has no code
		device.ID = identity.GrantID(identity.NewID())
		write(t, db, func(tx *storage.Tx) error {
			return errors.Join(tx.AddGrant(ctx, redeemed), tx.AddCode(ctx, used), tx.AddGrant(ctx, device),
				read(tx.UseCode(ctx, used.Hash, w.client.ID, noon)))
		})
		day := noon.Add(identity.CodeLifetime + 24*time.Hour)
		for _, now := range []time.Time{day, day.Add(time.Second)} {
			if _, err := db.Sweep(ctx, now); err != nil {
				t.Fatal(err)
			}
			for what, grant := range map[string]identity.GrantID{"redeemed": redeemed.ID, "a device's": device.ID, "not redeemed": w.grant.ID} {
				_, err := db.Grant(ctx, grant)
				if gone := what == "not redeemed" && now != day; gone != errors.Is(err, storage.ErrNotFound) {
					t.Errorf("%s, %s after noon: %v", what, now.Sub(noon), err)
				}
			}
		}
	})
}
