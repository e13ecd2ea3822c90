package identity

import (
	"errors"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// User is a person: one email address, one password, one set of authenticators. A person may
// belong to several accounts.
type User struct {
	ID            UserID
	Email         string // folded by FoldEmail, unique
	EmailVerified bool
	Name          string
	GivenName     string
	FamilyName    string
	Locale        string // BCP 47, or empty
	PasswordHash  string // PHC string; empty: no password yet, nobody can sign in
	SecondFactor  bool   // the person asked for a code at every login (Settings)
	Epoch         int64  // rises when the password or the authenticators change; older sessions and grants are dead
	DisabledAt    time.Time
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// ErrEmail says that a text is no e-mail address one person could own.
var ErrEmail = errors.New("not an e-mail address")

const maxEmail = 254 // RFC 5321 §4.5.3.1.3, less the angle brackets

// NewUser returns a person with an address and a display name, without a password.
// It fails with [ErrEmail].
func NewUser(email, name string, now time.Time) (User, error) {
	folded, err := FoldEmail(email)
	if err != nil {
		return User{}, err
	}
	return User{ID: UserID(NewID()), Email: folded, Name: strings.TrimSpace(name), Epoch: 1, CreatedAt: now, UpdatedAt: now}, nil
}

// Disabled reports whether the person has been disabled by an operator.
func (u User) Disabled() bool { return !u.DisabledAt.IsZero() }

// Disable shuts the person out and ends what they have open: it does not come back when they are enabled again.
func (u *User) Disable(now time.Time) {
	u.DisabledAt, u.UpdatedAt = now, now
	u.Epoch++
}

// Enable lets a disabled person log in again.
func (u *User) Enable(now time.Time) { u.DisabledAt, u.UpdatedAt = time.Time{}, now }

// SetPassword replaces the password hash and ends what the old credentials opened.
func (u *User) SetPassword(phc string, now time.Time) {
	u.PasswordHash, u.UpdatedAt = phc, now
	u.Epoch++
}

// ChangeEmail gives the person a folded address whose mailbox was proven.
func (u *User) ChangeEmail(folded string, now time.Time) {
	u.Email, u.EmailVerified, u.UpdatedAt = folded, true, now
}

// ErrName says that a text is no name to show to others.
var ErrName = errors.New("not a name")

// MaxName is how many code points a name may have.
const MaxName = 100

// Profile is what people say about themselves. All of it may be empty.
type Profile struct{ Name, GivenName, FamilyName, Locale string }

// SetProfile takes over what a person says. It fails with [ErrName] for texts that would break out of the line they are shown
// in, or are too long for one.
func (u *User) SetProfile(p Profile, now time.Time) error {
	for _, name := range []*string{&p.Name, &p.GivenName, &p.FamilyName} {
		*name = norm.NFC.String(strings.TrimSpace(*name))
		if utf8.RuneCountInString(*name) > MaxName || strings.ContainsFunc(*name, unsafeInName) {
			return ErrName
		}
	}
	u.Name, u.GivenName, u.FamilyName, u.Locale, u.UpdatedAt = p.Name, p.GivenName, p.FamilyName, p.Locale, now
	return nil
}

// unsafeInName finds line breaks, control characters and those that turn the direction of the text around them. Joiners stay: they
// belong to the spelling of some languages.
func unsafeInName(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' || r == unicode.ReplacementChar
}

// FoldEmail returns the form in which addresses are stored and compared: ASCII letters lower
// case, the domain in its ASCII form (IDNA), the local part in NFC.
//
// Only ASCII is folded in the local part: Unicode case pairs such as the Kelvin sign would let
// two people collide on one record. It fails with [ErrEmail].
func FoldEmail(email string) (string, error) {
	email = norm.NFC.String(strings.TrimSpace(email))
	if len(email) > maxEmail || strings.ContainsFunc(email, unsafeInAddress) {
		return "", ErrEmail
	}
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email {
		return "", ErrEmail
	}
	at := strings.LastIndexByte(email, '@')
	domain, err := idna.Lookup.ToASCII(strings.ToLower(email[at+1:]))
	if err != nil || domain == "" || slices.Contains(strings.Split(domain, "."), "") { // "xn--" is a label that decodes to nothing
		return "", ErrEmail
	}
	return strings.Map(lowerASCII, email[:at]) + "@" + domain, nil
}

func unsafeInAddress(r rune) bool {
	return unicode.IsControl(r) || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar ||
		strings.ContainsRune(`"(),:;<>[\]`, r)
}

func lowerASCII(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}

// MaskEmail shows enough of an address to recognise one's own: "a…@example.com".
func MaskEmail(email string) string {
	at := strings.LastIndexByte(email, '@')
	if at < 1 {
		return "…"
	}
	first := []rune(email[:at])[0]
	return string(first) + "…" + email[at:]
}
