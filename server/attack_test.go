package server_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

// TestR87_AReplicaWhoseClockIsWrongDeletesNothingAndMakesNoKeys: a machine that starts three years ahead takes the whole audit trail, and everybody's
// sessions, for old. What it deletes nobody brings back when its clock is set.
func TestR87_AReplicaWhoseClockIsWrongDeletesNothingAndMakesNoKeys(t *testing.T) {
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
	hadKeys, err := p.DB.SigningKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.Clock.Advance(3 * 365 * 24 * time.Hour)
	p.Replica()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		events, sessions := left()
		if events < hadEvents || sessions < hadSessions || hadSessions == 0 {
			t.Fatalf("%d of %d events are left, and %d of %d sessions", events, hadEvents, sessions, hadSessions)
		}
		log := p.Log.String()
		if strings.Contains(log, "job=sweeper") && strings.Contains(log, "job=audit") {
			keys, err := p.DB.SigningKeys(t.Context()) // one from the future would put off every rotation until then
			if err != nil || !slices.EqualFunc(keys, hadKeys, func(a, b identity.SigningKey) bool { return a.ID == b.ID && a.ExpiresAt.Equal(b.ExpiresAt) }) {
				t.Errorf("the keys became %d from %d, %v", len(keys), len(hadKeys), err)
			}
			return // both have looked, and said why not
		}
		if time.Now().After(end) {
			t.Fatal("the jobs did not say that the clock is wrong")
		}
	}
}
