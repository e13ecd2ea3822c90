package server_test

import (
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

// The job runs every minute, and once when a process starts: the second one finds what the first has not written yet.
func TestR45_TheLetterAboutGuessingIsWrittenInTheBackground(t *testing.T) {
	t.Parallel()
	p := onPostgres(t, livingRoom)
	ada, err := p.DB.UserByEmail(t.Context(), vestibuletest.Ada)
	if err != nil {
		t.Fatal(err)
	}
	now := p.Clock.Now()
	err = p.DB.Write(t.Context(), func(tx *storage.Tx) error {
		return tx.SaveAttempts(t.Context(), identity.Attempts{
			UserID: ada.ID, Kind: identity.AttemptPassword, Failures: identity.PasswordsToTell, CountedAt: now.Add(-2 * time.Minute), BlockedUntil: now.Add(13 * time.Minute)})
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Replica()
	p.Mail.WaitFor(t, vestibuletest.Ada, "Somebody is guessing your password")
}
