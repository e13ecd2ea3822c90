package identity

import "time"

// Authenticator is a person's TOTP secret. It is pending until one right code has confirmed it;
// a pending authenticator satisfies nothing (SECURITY R25).
type Authenticator struct {
	ID          string
	UserID      UserID
	Secret      []byte // 20 bytes; sealed wherever it is stored
	LastStep    int64  // the last 30-second step that was used; no step at or before it counts again
	ConfirmedAt time.Time
	DisabledAt  time.Time // after 100 wrong codes in a row, or when a reset voided it
	Exhausted   bool      // it was the wrong codes
	CreatedAt   time.Time
}

// NewAuthenticator returns a pending authenticator with a fresh secret.
func NewAuthenticator(user UserID, now time.Time) (Authenticator, error) {
	secret, err := NewTOTPSecret()
	return Authenticator{ID: NewID(), UserID: user, Secret: secret, CreatedAt: now}, err
}

// Confirmed reports whether the authenticator can prove something: confirmed and not disabled.
func (a Authenticator) Confirmed() bool { return !a.ConfirmedAt.IsZero() && a.DisabledAt.IsZero() }

// Match returns the step that code belongs to, if it is a right code that was not used before.
// The step counts as used only once storage has recorded it.
func (a Authenticator) Match(code string, now time.Time) (step int64, ok bool) {
	return MatchTOTP(a.Secret, code, now, a.LastStep)
}
