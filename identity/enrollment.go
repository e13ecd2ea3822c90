package identity

import "time"

// How long enrollment links and their QR screens live (PRODUCT §3.2).
const (
	EnrollmentLifetime = 24 * time.Hour
	RevealLifetime     = 10 * time.Minute
	// EnrollmentResendAfter is how long a person waits before the link can be sent again.
	EnrollmentResendAfter = time.Minute
	// EnrollmentsADay is how many links a person can ask for in a day.
	EnrollmentsADay = 10
)

// resendLimits bound the letters that whoever knows a password can have sent to its owner (SECURITY R80): so
// many within so long.
var resendLimits = []struct {
	links  int
	within time.Duration
}{{1, EnrollmentResendAfter}, {3, 10 * time.Minute}, {EnrollmentsADay, 24 * time.Hour}}

// EnrollmentResendWait returns how long it takes until a person may be sent another link, given the
// [EnrollmentsADay] newest ones, the newest first.
func EnrollmentResendWait(sent []Enrollment, now time.Time) time.Duration {
	return resendWait(sent, func(e Enrollment) time.Time { return e.CreatedAt }, now)
}

// resendWait returns how long it takes until one more may follow on what was sent at those times, the newest first.
func resendWait[T any](sent []T, at func(T) time.Time, now time.Time) (wait time.Duration) {
	for _, limit := range resendLimits {
		if len(sent) >= limit.links {
			wait = max(wait, at(sent[limit.links-1]).Add(limit.within).Sub(now))
		}
	}
	return wait
}

// Enrollment is one emailed link to the QR screen. It is revealed at most once, by a POST with the
// person's password; for ten minutes the same browser may see the same QR code again.
type Enrollment struct {
	ID              string
	UserID          UserID
	AccountID       AccountID // the account that asked for it; empty: the person, or a reset
	TokenHash       Digest
	AuthenticatorID string // the pending authenticator, once revealed
	BrowserHash     Digest // the browser that revealed it
	CreatedAt       time.Time
	ExpiresAt       time.Time
	SupersededAt    time.Time
	Own             bool      // the QR code is on show in Settings; nobody was sent the link
	ShownAt         time.Time // the QR code was on screen where the link was made, at the end of a reset
	RevealedAt      time.Time
	ConfirmedAt     time.Time
}

// NewEnrollment returns an enrollment and the secret of its link, which is not kept.
func NewEnrollment(user UserID, account AccountID, now time.Time) (Enrollment, string) {
	token := NewSecret()
	return Enrollment{
		ID: NewID(), UserID: user, AccountID: account, TokenHash: DigestOf(token),
		CreatedAt: now, ExpiresAt: now.Add(EnrollmentLifetime),
	}, token
}

// ShowAtOnce puts the QR code of a pending authenticator on the screen of the browser that has just finished a reset,
// without using the link: it goes out by mail as well, so that closing the tab loses nothing (PRODUCT §2, S6).
func (e *Enrollment) ShowAtOnce(authenticator string, browser Digest, now time.Time) {
	e.AuthenticatorID, e.BrowserHash, e.ShownAt = authenticator, browser, now
}

// ShowInSettings puts the QR code of a pending authenticator on the screen of somebody who is logged in. It is confirmed there and nowhere else: a
// password was enough to see it, so until then it satisfies nothing.
func (e *Enrollment) ShowInSettings(authenticator string, browser Digest, now time.Time) {
	e.ShowAtOnce(authenticator, browser, now)
	e.Own = true
}

// EnrollmentState is what can be done with a link.
type EnrollmentState string

// The states of an enrollment link.
const (
	EnrollmentOpen       EnrollmentState = "open"       // may be revealed with the password
	EnrollmentRevealed   EnrollmentState = "revealed"   // the browser that revealed it may look again
	EnrollmentUsed       EnrollmentState = "used"       // revealed before, elsewhere or too long ago, or confirmed
	EnrollmentExpired    EnrollmentState = "expired"    // older than 24 hours
	EnrollmentSuperseded EnrollmentState = "superseded" // a newer link was sent
)

// Confirmable reports whether a code can still confirm the authenticator this link has shown to the
// browser with the given secret. That outlasts the QR code on the screen: many people have to
// install an app first.
func (e Enrollment) Confirmable(browser string, now time.Time) bool {
	return (!e.RevealedAt.IsZero() || !e.ShownAt.IsZero()) && e.ConfirmedAt.IsZero() && e.SupersededAt.IsZero() &&
		now.Before(e.ExpiresAt) && e.BrowserHash.Matches(browser)
}

// State judges the link now, for the browser that shows the given secret (empty: none).
// Expiry is judged here and not by a clean-up job.
func (e Enrollment) State(browser string, now time.Time) EnrollmentState {
	switch {
	case !e.SupersededAt.IsZero():
		return EnrollmentSuperseded
	case !e.ConfirmedAt.IsZero():
		return EnrollmentUsed
	case !e.RevealedAt.IsZero():
		if e.BrowserHash.Matches(browser) && now.Before(e.RevealedAt.Add(RevealLifetime)) {
			return EnrollmentRevealed
		}
		return EnrollmentUsed
	case !now.Before(e.ExpiresAt):
		return EnrollmentExpired
	case !e.ShownAt.IsZero() && e.BrowserHash.Matches(browser) && now.Before(e.ShownAt.Add(RevealLifetime)):
		return EnrollmentRevealed
	}
	return EnrollmentOpen
}
