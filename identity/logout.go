package identity

import "time"

// Logout is a client that has to be told that a person has left an account in a session (OpenID Connect
// Back-Channel Logout 1.0). It is written in the transaction that ends the entry and delivered later.
type Logout struct {
	ClientID  ClientID
	EntryID   SessionEntryID // the `sid`
	UserID    UserID
	CreatedAt time.Time
	NextTryAt time.Time
	Tries     int
	SentAt    time.Time
	DeadAt    time.Time // given up; visible to operators
}

// LogoutTokenLifetime is how long a logout token is good (Back-Channel Logout §2.4 recommends two minutes
// at most). Each try gets one of its own.
const LogoutTokenLifetime = 2 * time.Minute

// logoutRetries is how long a logout waits after each failed delivery but the last.
var logoutRetries = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute}

// DeliveryFailed plans the next try, or gives up after the fifth.
func (l *Logout) DeliveryFailed(now time.Time) {
	if l.Tries >= len(logoutRetries) {
		l.DeadAt = now
	} else {
		l.NextTryAt = now.Add(logoutRetries[l.Tries])
	}
	l.Tries++
}
