package identity

import "time"

// AttemptKind is one of the two counters each person has.
type AttemptKind string

// The counters: one for the password, one for authenticator code and recovery code together.
const (
	AttemptPassword AttemptKind = "password"
	AttemptCode     AttemptKind = "code"
)

// Limits of wrong answers in a row (PRODUCT §3.5).
const (
	freePasswords  = 4 // the fifth wrong password waits
	longestDelay   = 15 * time.Minute
	codesPerBlock  = 10
	codeBlock      = 15 * time.Minute
	codesToDisable = 100
	codesToTell    = 3
	// PasswordsToTell is how many wrong passwords in a row the person is told of by letter, once (SECURITY R45).
	PasswordsToTell = 100
	// PasswordJudged is how long after it was counted every password has been judged, and a right one has cleared the count.
	PasswordJudged = time.Minute
	// TellInterval is how often a person is told of wrong codes at most (SECURITY R49).
	TellInterval    = 24 * time.Hour
	AddressLogins   = 20 // per address and minute
	AddressInterval = time.Minute
)

// Attempts counts wrong answers in a row. It is written before an answer is judged and cleared
// when the answer was right, each in a transaction of its own: parallel attempts cannot outrun it
// and a rolled-back request cannot undo it.
type Attempts struct {
	UserID       UserID
	Kind         AttemptKind
	Bucket       string // "" for everybody; a known browser has its own
	Failures     int
	BlockedUntil time.Time
	CountedAt    time.Time // when an attempt was last counted
	ToldAt       time.Time // when the person was last told of them
}

// Begin counts one attempt ahead of its judgement. It reports false, with how long to wait, while
// the counter blocks; then nothing may be judged.
func (a *Attempts) Begin(now time.Time) (allowed bool, wait time.Duration) {
	if now.Before(a.BlockedUntil) {
		return false, a.BlockedUntil.Sub(now)
	}
	a.Failures++
	a.CountedAt = now
	if delay := a.delay(); delay > 0 {
		a.BlockedUntil = now.Add(delay)
	}
	return true, 0
}

// TakeBack forgets an attempt begun at that time which nobody came to judge. A pause that a later one has
// set stays.
func (a *Attempts) TakeBack(begun time.Time) {
	if a.Failures == 0 { // cleared meanwhile by a right answer
		return
	}
	if a.BlockedUntil.Equal(begun.Add(a.delay())) {
		a.BlockedUntil = time.Time{}
	}
	a.Failures--
}

// delay is how long the next attempt waits if this one turns out wrong.
func (a Attempts) delay() time.Duration {
	if a.Kind == AttemptCode {
		if a.Failures%codesPerBlock == 0 {
			return codeBlock
		}
		return 0
	}
	over := a.Failures - freePasswords
	if over <= 0 {
		return 0
	}
	if over > 10 { // 2^10 s is already over a quarter of an hour
		return longestDelay
	}
	return min(time.Second<<(over-1), longestDelay)
}

// Exhausted reports whether so many wrong codes came in a row that the authenticator is disabled.
func (a Attempts) Exhausted() bool { return a.Kind == AttemptCode && a.Failures >= codesToDisable }

// Alarming reports whether so many wrong codes came in a row that the person should be told, unless they were just now: whoever
// entered them knows the password.
func (a Attempts) Alarming(now time.Time) bool {
	return a.Kind == AttemptCode && a.Failures >= codesToTell && (a.ToldAt.IsZero() || now.Sub(a.ToldAt) >= TellInterval)
}
