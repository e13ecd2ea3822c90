package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/vestibuletest"
)

// TestR87_AReplicaWhoseClockIsWrongDeletesNothing: a machine that starts three years ahead takes the whole audit trail, and everybody's
// sessions, for old. What it deletes nobody brings back when its clock is set.
func TestR87_AReplicaWhoseClockIsWrongDeletesNothing(t *testing.T) {
	t.Parallel()
	config := house
	config.Engine = "postgres" // on SQLite there is no other clock to compare with
	if !strings.Contains(strings.Join(vestibuletest.Engines(), " "), config.Engine) {
		t.Skip("without PostgreSQL")
	}
	p := vestibuletest.Start(t, config)
	intoAcme(t, p, p.RelyingParty("cms", vestibuletest.CMSSecret), p.Browser())
	if _, err := p.DB.SealEvents(t.Context()); err != nil {
		t.Fatal(err)
	}
	ada, err := p.DB.UserByEmail(t.Context(), vestibuletest.Ada)
	if err != nil {
		t.Fatal(err)
	}
	left := func() (events, sessions int) {
		report, err := p.DB.VerifyAudit(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		open, err := p.DB.SessionsOf(t.Context(), ada.ID)
		if err != nil {
			t.Fatal(err)
		}
		return report.Events, len(open)
	}
	hadEvents, hadSessions := left()
	p.Clock.Advance(3 * 365 * 24 * time.Hour)
	p.Replica()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		events, sessions := left()
		if events < hadEvents || sessions < hadSessions || hadSessions == 0 {
			t.Fatalf("%d of %d events are left, and %d of %d sessions", events, hadEvents, sessions, hadSessions)
		}
		log := p.Log.String()
		if strings.Contains(log, "job=sweeper") && strings.Contains(log, "job=audit") {
			return // both have looked, and said why not
		}
		if time.Now().After(end) {
			t.Fatal("the jobs did not say that the clock is wrong")
		}
	}
}
