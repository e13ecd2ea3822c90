package mail

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// Kind is what a letter is about, as far as it matters how many of them a person is sent.
type Kind string

// The kinds that the owner of an account brings about, as often as they like: it is for the caller to ask [Sent] before.
const (
	KindEnrollment  Kind = "enrollment"    // the link to the QR screen
	KindNothingToDo Kind = "nothing-to-do" // one more account asks for a second factor the person has
	KindJoined      Kind = "joined"        // the person belongs to one more account
)

// Sent returns when a person was sent the last letters of a kind, the newest first, as many as [identity.LettersWait] wants to know of.
func Sent(ctx context.Context, q storage.Queries, u identity.UserID, kind Kind) ([]time.Time, error) {
	return q.LastLetters(ctx, u, string(kind), identity.EnrollmentsADay)
}
