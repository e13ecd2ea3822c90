package templates

import (
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"
)

// CheckMail tells a person who has to enroll that the link is in the mail.
type CheckMail struct {
	Action      string // posted: sends the link again
	AccountName string
	MaskedEmail string        // a…@example.com, masked by the caller
	ValidFor    time.Duration // of the link
	NotSent     bool          // no link is under way; the button sends one
	SentAgain   bool          // the button was pressed and a new link is under way
	StartAgain  string        // posted, as in Login; hidden when empty
	Refusal     Refusal
	Wait        time.Duration // for LinkSentJustNow
}

var checkMailPage = parsePage("check_mail")

// Render writes the page.
func (p CheckMail) Render(w io.Writer, f Frame) error { return checkMailPage.render(w, f, p) }

// EnrollmentStart is where the emailed link lands. It reveals nothing before the password was posted; mail scanners
// that open links change nothing.
type EnrollmentStart struct {
	Action      string
	AccountName string
	Email       string
	ExpiresAt   time.Time
	SetPassword bool   // an invited person has none yet and chooses one here
	MinLength   int    // of the password to choose
	ForgotURL   string // hidden when empty or when SetPassword
	Refusal     Refusal
	Wait        time.Duration
}

var enrollmentStartPage = parsePage("enrollment_start")

// Render writes the page.
func (p EnrollmentStart) Render(w io.Writer, f Frame) error {
	return enrollmentStartPage.render(w, f, p)
}

// Picture is an inline drawing of our own making. It goes into the page as it is, so it may hold nothing that anybody wrote.
type Picture = template.HTML

// EnrollmentCode is the QR screen. It offers to check a code now; SkipURL is "Continue without checking", after which
// the first right code at login confirms the pairing.
type EnrollmentCode struct {
	Action      string
	AccountName string
	Email       string
	QR          Picture // inline SVG, shown on white
	Key         string  // the secret in Base32 as one word; the page groups it
	URI         string  // otpauth://…, for the app on the same device; hidden when empty
	SkipURL     string
	Refusal     Refusal
	Wait        time.Duration
}

var enrollmentCodePage = parsePage("enrollment_code")

// Render writes the page.
func (p EnrollmentCode) Render(w io.Writer, f Frame) error { return enrollmentCodePage.render(w, f, p) }

// EnrollmentDone says that the authenticator is paired.
type EnrollmentDone struct {
	AccountName string
	LoginURL    string
}

var enrollmentDonePage = parsePage("enrollment_done")

// Render writes the page.
func (p EnrollmentDone) Render(w io.Writer, f Frame) error { return enrollmentDonePage.render(w, f, p) }

// GoneReason says why an enrollment link leads nowhere.
type GoneReason int

// The reasons. The zero value is for links we cannot place.
const (
	LinkUnknown GoneReason = iota
	LinkExpired
	LinkUsed
	LinkSuperseded // a newer one was sent
)

var goneReasons = [...]struct{ title, message string }{
	LinkUnknown:    {"gone.unknown.title", "gone.unknown.message"},
	LinkExpired:    {"gone.expired.title", "gone.expired.message"},
	LinkUsed:       {"gone.used.title", "gone.used.message"},
	LinkSuperseded: {"gone.superseded.title", "gone.superseded.message"},
}

// TitleKey is the message key of the heading.
func (r GoneReason) TitleKey() string { return goneReasons[r].title }

// MessageKey is the message key of the explanation.
func (r GoneReason) MessageKey() string { return goneReasons[r].message }

// EnrollmentGone explains a link that no longer works and leads on.
type EnrollmentGone struct {
	Reason    GoneReason
	ForgotURL string // Forgot Password with the address filled in; hidden when empty
	LoginURL  string
}

var enrollmentGonePage = parsePage("enrollment_gone")

// Render writes the page.
func (p EnrollmentGone) Render(w io.Writer, f Frame) error { return enrollmentGonePage.render(w, f, p) }

// groupsOfFour breaks a key into pieces that a person can type without losing the place.
func groupsOfFour(key string) []string {
	var groups []string
	for len(key) > 4 {
		groups, key = append(groups, key[:4]), key[4:]
	}
	return append(groups, key)
}

// otpauthURL lets an otpauth link through the template's URL filter, which knows only the schemes of the web, and
// nothing else.
func otpauthURL(uri string) (template.URL, error) {
	if !strings.HasPrefix(uri, "otpauth://") {
		return "", fmt.Errorf("the authenticator link must start with otpauth://")
	}
	return template.URL(uri), nil // the scheme is checked above, attribute escaping still applies
}
