package identity

import "time"

// Authenticator is a person's TOTP secret. It is pending until one right code has confirmed it;
// a pending authenticator satisfies nothing (SECURITY R25).
type Authenticator struct {
	ID          string
	UserID      UserID
	Secret      []byte // 20 bytes; sealed wherever it is stored
	LastStep    int64  // the last 30-second step that was used; no step at or before it counts again
	ToldStep    int64  // the step of a code from a clock that is off, which its owner was told about; it never counts
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
	step, ok = MatchTOTP(a.Secret, code, now, a.LastStep)
	if step == a.ToldStep {
		return 0, false // MatchTOTP answers no step 0 to a code from this century
	}
	return step, ok
}

// ClockOff looks for a code that would be right if the phone's clock were: one of a step up to [TOTPHelpSteps] away that was not used.
// It answers the step and how far off the clock is. The code proves nothing. That a guess belongs to a step to come would be worth
// knowing to a stranger, so whoever tells the person makes sure first that this step never counts.
func (a Authenticator) ClockOff(code string, now time.Time) (step int64, off time.Duration, found bool) {
	step, found = searchTOTP(a.Secret, code, totpStep(now), TOTPHelpSteps, a.LastStep)
	ahead := step - totpStep(now)
	if !found || -1 <= ahead && ahead <= 1 { // a step that counts now is refused for another reason
		return 0, 0, false
	}
	return step, time.Duration(max(ahead, -ahead)) * TOTPPeriod, true
}
