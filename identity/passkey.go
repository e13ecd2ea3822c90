package identity

import (
	"errors"
	"strings"
	"time"
	"unicode"
)

// Bounds of passkeys.
const (
	// MaxPasskeys is how many passkeys a person can have.
	MaxPasskeys = 20
	// MaxPasskeyName is the longest name of a passkey, in code points.
	MaxPasskeyName = 60
)

// ErrPasskeyCopied says that a passkey's counter did not go on from where it was: two devices hold the same key, and one of
// them should not (Web Authentication Level 3 §6.1.1).
var ErrPasskeyCopied = errors.New("the passkey's counter did not rise")

// Passkey is a WebAuthn credential of a person. Nothing in it is secret: the private key never leaves the person's device.
type Passkey struct {
	ID             string
	UserID         UserID
	Name           string // the person's word for it
	CredentialID   string // the device's word for it in base64url; unique over all people
	PublicKey      []byte // COSE_Key (RFC 9052 §7)
	Model          string // AAGUID, what kind of device it is; zeros where the device does not tell
	Transports     []string
	SignCount      int64 // 0: the device does not count
	BackupEligible bool  // the key can be copied to other devices of the person; never changes
	BackedUp       bool
	UserVerified   bool // the device has verified its user when the passkey was made
	CreatedAt      time.Time
	UsedAt         time.Time
}

// NewPasskey returns a passkey of a person that a device has just made. Its key and the rest of what the device said are filled in
// by whoever has judged it.
func NewPasskey(u User, name string, now time.Time) Passkey {
	return Passkey{ID: NewID(), UserID: u.ID, Name: PasskeyName(name), CreatedAt: now}
}

// PasskeyName returns the name a person gave a passkey on one line and within bounds; empty when nothing is left.
func PasskeyName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, name)
	letters := []rune(strings.Join(strings.Fields(name), " "))
	return strings.TrimSpace(string(letters[:min(len(letters), MaxPasskeyName)]))
}

// Use notes what the device said about itself in a login that was right so far. It fails with [ErrPasskeyCopied]. A counter that was
// always zero says nothing: passkeys that are synced between devices have none.
func (p *Passkey) Use(count uint32, backedUp bool, now time.Time) error {
	if p.SignCount > 0 && int64(count) <= p.SignCount {
		return ErrPasskeyCopied
	}
	p.SignCount, p.BackedUp, p.UsedAt = int64(count), backedUp, now
	return nil
}

// Counts reports whether a copy of the passkey would be noticed.
func (p Passkey) Counts() bool { return p.SignCount > 0 }

// CeremonyLifetime is how long a browser has to answer a challenge.
const CeremonyLifetime = 5 * time.Minute

// CeremonyPurpose is what the answer to a challenge is good for. It opens nothing else.
type CeremonyPurpose string

// The purposes.
const (
	CeremonyRegister     CeremonyPurpose = "register"      // a new passkey
	CeremonySignIn       CeremonyPurpose = "sign-in"       // say who it is
	CeremonySecondFactor CeremonyPurpose = "second-factor" // after the password
	CeremonyFresh        CeremonyPurpose = "fresh"         // before credentials are changed
	CeremonyReset        CeremonyPurpose = "reset"         // beside a new password
)

// Ceremony is one question to a passkey: a challenge that counts once, for one browser, one purpose and one person
// (SECURITY R18). Only the digest of the challenge is kept.
type Ceremony struct {
	ChallengeHash Digest
	Purpose       CeremonyPurpose
	UserID        UserID // empty: a sign-in, which asks anybody
	BrowserHash   Digest
	CreatedAt     time.Time
	ExpiresAt     time.Time
}

// NewCeremony returns a ceremony for the browser with that secret, and its challenge: 32 random bytes in base64url.
func NewCeremony(purpose CeremonyPurpose, user UserID, browser string, now time.Time) (Ceremony, string) {
	challenge := NewSecret()
	return Ceremony{
		ChallengeHash: DigestOf(challenge), Purpose: purpose, UserID: user, BrowserHash: DigestOf(browser),
		CreatedAt: now, ExpiresAt: now.Add(CeremonyLifetime),
	}, challenge
}

// AsksFor reports whether the answer counts now, for that purpose, from that person (empty: from anybody) and that browser.
func (c Ceremony) AsksFor(purpose CeremonyPurpose, user UserID, browser string, now time.Time) bool {
	return c.Purpose == purpose && c.UserID == user && c.BrowserHash.Matches(browser) && now.Before(c.ExpiresAt)
}
