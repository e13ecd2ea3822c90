package storage_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// happened records events, one second apart.
func happened(t *testing.T, db *storage.DB, from time.Time, n int) (all []identity.Event) {
	t.Helper()
	write(t, db, func(tx *storage.Tx) (err error) {
		all = nil
		for i := range n {
			e := identity.Event{
				ID: identity.NewID(), At: from.Add(time.Duration(i) * time.Second), Kind: identity.EventSignedIn, UserID: "u", Actor: "user:u",
				Address: "192.0.2.7", UserAgent: `<b>"Mozilla" & co`, RequestID: "r", Detail: "pwd → otp",
			}
			all = append(all, e)
			err = errors.Join(err, tx.Record(t.Context(), e))
		}
		return err
	})
	return all
}

func sealed(t *testing.T, db *storage.DB, want int) {
	t.Helper()
	if n, err := db.SealEvents(t.Context()); n != want || err != nil {
		t.Fatalf("%d events were sealed, %v, want %d", n, err, want)
	}
}

// verified returns what a check of the trail says, one finding after the other.
func verified(t *testing.T, db *storage.DB) (storage.AuditReport, string) {
	t.Helper()
	report, err := db.VerifyAudit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range report.Findings {
		all = append(all, f.String())
	}
	return report, strings.Join(all, ", ")
}

// tampering opens the trail to whoever may do everything with the database.
func tampering(t *testing.T, db *storage.DB, statements ...string) {
	t.Helper()
	open := []string{"DROP TRIGGER events_never_change", "DROP TRIGGER events_stay"}
	if db.Engine() == "postgres" {
		open = []string{"DROP TRIGGER events_stay ON events"}
	}
	for _, statement := range append(open, statements...) {
		if _, err := db.Writer().Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func TestR87_TheAuditTrailIsAppendOnly(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		happened(t, db, noon, 3)
		sealed(t, db, 3)
		for _, statement := range []string{"UPDATE events SET detail = 'x'", "UPDATE events SET at = at", "DELETE FROM events"} {
			if _, err := db.Writer().Exec(statement); err == nil || !strings.Contains(err.Error(), "append only") {
				t.Errorf("%s: %v", statement, err)
			}
		}
		if report, findings := verified(t, db); report.Events != 3 || report.Links != 1 || findings != "" {
			t.Errorf("%+v %s", report, findings)
		}
	})
}

func TestR87_VerifyingSaysWhichEventWasTamperedWith(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		first := happened(t, db, noon, 5)
		sealed(t, db, 5)
		second := happened(t, db, noon.Add(time.Minute), 4)
		sealed(t, db, 4)
		young := happened(t, db, noon.Add(2*time.Minute), 2)
		if report, findings := verified(t, db); report.Events != 9 || report.Unsealed != 2 || report.Head == "" || findings != "" {
			t.Fatalf("untouched: %+v %s", report, findings)
		}
		forged := identity.Event{ID: identity.NewID(), At: noon, Kind: identity.EventSignedIn}
		early := identity.Event{ID: "00000000-0000-7000-8000-000000000000", At: noon, Kind: identity.EventSignedIn}
		insert := "INSERT INTO events (id, at, kind, user_id, account_id, client_id, actor, address, user_agent, request_id, detail) SELECT '%s', at, kind, '', '', '', '', '', '', '', '' FROM events WHERE id = '%s'"
		tampering(t, db,
			"UPDATE events SET address = '198.51.100.1' WHERE id = '"+first[1].ID+"'",
			"DELETE FROM events WHERE id = '"+second[3].ID+"'",
			"DELETE FROM events WHERE id = '"+young[0].ID+"'",
			fmt.Sprintf(insert, forged.ID, first[0].ID), fmt.Sprintf(insert, early.ID, first[0].ID))
		_, findings := verified(t, db)
		for _, want := range []string{first[1].ID + " was changed", second[3].ID + " was removed", young[0].ID + " was removed", forged.ID + " was inserted", early.ID + " was inserted"} {
			if !strings.Contains(findings, "event "+want) {
				t.Errorf("not found: %s", want)
			}
		}
		if strings.Count(findings, " was ") != 5 {
			t.Errorf("found: %s", findings)
		}
		sealed(t, db, 2) // the chain goes on, and remembers the one that had gone before it was covered
		if _, findings := verified(t, db); !strings.Contains(findings, young[0].ID+" was removed") || strings.Count(findings, " was ") != 5 {
			t.Errorf("found after sealing: %s", findings)
		}
	})
}

func TestR87_AChainThatWasMadeUpIsNoticed(t *testing.T) {
	for what, row := range map[string]struct{ statement, want string }{
		"a link is removed":              {"DELETE FROM audit_links WHERE id = '000000000002'", "link 000000000002 was removed"},
		"two links change places":        {"UPDATE audit_links SET id = CASE id WHEN '000000000001' THEN 'x' ELSE id END", ""},
		"entries are rewritten":          {"UPDATE audit_links SET entries = REPLACE(entries, 'digest', 'digest ') WHERE id = '000000000002'", "link 000000000002 was changed"},
		"a link pretends to be swept":    {"UPDATE audit_links SET swept = TRUE, entries = 'null' WHERE id = '000000000001'", "link 000000000001 was changed"},
		"a seal comes from another link": {"UPDATE audit_links SET seal = (SELECT seal FROM audit_links WHERE id = '000000000001')", "link 000000000003 was changed"},
	} {
		t.Run(what, func(t *testing.T) {
			each(t, func(t *testing.T, db *storage.DB) {
				for i := range 3 {
					happened(t, db, noon.Add(time.Duration(i)*time.Hour), 2)
					sealed(t, db, 2)
				}
				tampering(t, db, row.statement)
				if _, findings := verified(t, db); findings == "" || !strings.Contains(findings, row.want) {
					t.Errorf("found: %s", findings)
				}
			})
		})
	}
}

func TestAnEventThatIsCommittedLateIsCoveredByALaterLink(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		late := identity.Event{ID: identity.NewID(), At: noon, Kind: identity.EventSignedIn}
		happened(t, db, noon.Add(time.Hour), 3)
		sealed(t, db, 3)
		write(t, db, func(tx *storage.Tx) error { return tx.Record(t.Context(), late) })
		happened(t, db, noon.Add(2*time.Hour), 3)
		sealed(t, db, 4)
		sealed(t, db, 0)
		if report, findings := verified(t, db); report.Events != 7 || findings != "" {
			t.Errorf("%+v %s", report, findings)
		}
	})
}

func TestManyEventsMakeSeveralLinksWhoeverSealsThem(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		replicas := []*storage.DB{open(t, url)}
		replicas = append(replicas, replicas[0])
		if replicas[0].Engine() == "postgres" { // where there can be several
			replicas[1] = open(t, url)
		}
		happened(t, replicas[0], noon, 1100)
		done := make(chan error, 2)
		for _, db := range replicas {
			go func() { _, err := db.SealEvents(context.Background()); done <- err }()
		}
		if err := errors.Join(<-done, <-done); err != nil {
			t.Fatal(err)
		}
		replicas[0].SealEvents(t.Context()) // who was second has left the rest
		if report, findings := verified(t, replicas[0]); report.Events != 1100 || report.Links != 3 || findings != "" {
			t.Errorf("%+v %s", report, findings)
		}
	})
}

func TestOnlyWholeLinksAreSweptAndTheRestIsStillAChain(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		for day := range 4 {
			happened(t, db, noon.Add(time.Duration(day)*24*time.Hour), 3)
			sealed(t, db, 3)
		}
		// The third link has an event that is younger than the limit, so it stays whole.
		n, err := db.SweepEvents(t.Context(), noon.Add(48*time.Hour+time.Second))
		if n != 6 || err != nil {
			t.Errorf("%d events were swept, %v, want 6", n, err)
		}
		report, findings := verified(t, db)
		if report.Events != 6 || report.Swept != 2 || report.Links != 4 || findings != "" {
			t.Errorf("%+v %s", report, findings)
		}
		happened(t, db, noon.Add(96*time.Hour), 1)
		sealed(t, db, 1)
		if _, findings := verified(t, db); findings != "" {
			t.Error(findings)
		}
	})
}

func TestR88_AnActThatCannotBeRecordedIsNotDoneButALogoutIs(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		w, ctx := newWorld(t, db), t.Context()
		breakAudit(t, db)
		act := func(tx *storage.Tx) error {
			return errors.Join(tx.EndSession(ctx, w.session.ID, soon), tx.Record(ctx, identity.Event{ID: identity.NewID(), At: soon}))
		}
		err := db.Write(ctx, act)
		if s, _ := db.SessionByID(ctx, w.session.ID); !errors.Is(err, storage.ErrUnrecorded) || !errors.Is(err, storage.ErrUnavailable) || !s.EndedAt.IsZero() {
			t.Errorf("Write: %v, the session ended at %s", err, s.EndedAt)
		}
		err = db.WriteAnyway(ctx, act)
		if s, _ := db.SessionByID(ctx, w.session.ID); err != nil || s.EndedAt.IsZero() {
			t.Errorf("WriteAnyway: %v, the session ended at %s", err, s.EndedAt)
		}
	})
}

// breakAudit makes the trail unwritable.
func breakAudit(t *testing.T, db *storage.DB) {
	t.Helper()
	statement := "CREATE TRIGGER no_room BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no room'); END"
	if db.Engine() == "postgres" {
		statement = "ALTER TABLE events ADD CONSTRAINT no_room CHECK (false) NOT VALID"
	}
	if _, err := db.Writer().Exec(statement); err != nil {
		t.Fatal(err)
	}
}

func TestEventsAreExportedOnceAndInOrder(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		all := happened(t, db, noon, 2100)
		var got []identity.Event
		err := db.Events(t.Context(), noon.Add(time.Second), noon.Add(2099*time.Second), func(e identity.Event) error {
			got = append(got, e)
			return nil
		})
		if err != nil || !slices.Equal(got, all[1:2099]) {
			t.Errorf("%d events, %v", len(got), err)
		}
		stop := errors.New("enough")
		if err := db.Events(t.Context(), noon, noon.Add(time.Hour), func(identity.Event) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("%v", err)
		}
	})
}
