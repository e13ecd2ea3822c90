package identity

import "time"

// Recovery is the request of a person who has lost the authenticator and every other second factor: somebody who knows them
// lets them choose a new password without it. It is asked from a reset link, so the mailbox has been proven.
type Recovery struct {
	ID        string
	UserID    UserID
	Epoch     int64 // the person's, when it was asked: it is over when the credentials change
	Address   string
	CreatedAt time.Time
	ExpiresAt time.Time
	Outcome   RecoveryOutcome // empty: it waits
	DecidedAt time.Time
	DecidedBy string // the actor of the audit trail
	Reason    string // given by who decided
}

// RecoveryOutcome is how a recovery ended.
type RecoveryOutcome string

// The outcomes.
const (
	RecoveryApproved  RecoveryOutcome = "approved"
	RecoveryDeclined  RecoveryOutcome = "declined"
	RecoveryWithdrawn RecoveryOutcome = "withdrawn" // the person has logged in with the second factor after all, or said it was not them
)

// How long a recovery waits to be decided, and when a person may ask again.
const (
	RecoveryLifetime   = 7 * 24 * time.Hour
	RecoveryAgainAfter = time.Hour
)

// MaxReason is how long, in bytes, the reason of a decision may be.
const MaxReason = 500

// NewRecovery returns a recovery that waits.
func NewRecovery(u User, from Origin, now time.Time) Recovery {
	return Recovery{
		ID: NewID(), UserID: u.ID, Epoch: u.Epoch, Address: from.Address, CreatedAt: now, ExpiresAt: now.Add(RecoveryLifetime),
	}
}

// Waits reports whether the recovery can still be decided, for the person as they are now.
func (r Recovery) Waits(u User, now time.Time) bool {
	return r.Outcome == "" && r.Epoch == u.Epoch && !u.Disabled() && now.Before(r.ExpiresAt)
}

// Decide ends a recovery. Storage sees to it that this happens once.
func (r *Recovery) Decide(outcome RecoveryOutcome, by, reason string, now time.Time) {
	r.Outcome, r.DecidedBy, r.Reason, r.DecidedAt = outcome, by, reason, now
}

// MayDecideRecoveryOf reports whether a person may decide about the recovery of another: as owner of every account the other
// belongs to. A recovery opens all of them, so the owner of one must not open those of others; and nobody vouches for
// themselves. Where an account asks for a second factor its owner must have one, or their password alone would be enough to let others in
// without. Where no such owner exists an operator decides.
func (p Person) MayDecideRecoveryOf(other Person) bool {
	if p.ID == other.ID || p.Disabled() || len(other.Memberships) == 0 {
		return false
	}
	for _, m := range other.Memberships {
		mine, member := p.Membership(m.Account.ID)
		if !member || mine.Role != RoleOwner || mine.RequiresSecondFactor() && !p.CanProve(mine.Account) {
			return false
		}
	}
	return true
}
