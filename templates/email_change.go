package templates

import (
	"io"
	"time"
)

// ConfirmEmail asks at the old address whether it may be replaced.
type ConfirmEmail struct {
	Name      string // of the person; may be empty
	Old       string
	New       string
	Link      string // absolute, built from the configured issuer
	ExpiresAt time.Time
}

var confirmEmail = parseLetter("email_old")

// Letter writes the letter in the frame's language.
func (l ConfirmEmail) Letter(f Frame) (Letter, error) { return confirmEmail.write(f, l) }

// ConfirmNewEmail asks at the new address. It names nobody: the address may have been mistyped.
type ConfirmNewEmail struct {
	New       string
	Link      string
	ExpiresAt time.Time
}

var confirmNewEmail = parseLetter("email_new")

// Letter writes the letter in the frame's language.
func (l ConfirmNewEmail) Letter(f Frame) (Letter, error) { return confirmNewEmail.write(f, l) }

// EmailTaken tells a person that somebody wanted their address for another login.
type EmailTaken struct{ Email string }

var emailTaken = parseLetter("email_taken")

// Letter writes the letter in the frame's language.
func (l EmailTaken) Letter(f Frame) (Letter, error) { return emailTaken.write(f, l) }

// NewEmail is where a person asks for another address.
type NewEmail struct {
	Head    SettingsHead
	Action  string
	Email   string // as it was typed
	Refusal Refusal
	Wait    time.Duration
}

var newEmailPage = parsePage("email_new")

// Render writes the page.
func (p NewEmail) Render(w io.Writer, f Frame) error { return newEmailPage.render(w, f, p) }

// EmailStep is how far a change of address has come, as the page behind one of its links tells it.
type EmailStep int

// The steps.
const (
	EmailAsks    EmailStep = iota // the button confirms this address
	EmailWaits                    // this one is confirmed, the other is not
	EmailChanges                  // both are: it is done
	EmailIsTaken                  // the address went to another login meanwhile; nothing has changed
)

var emailSteps = [...]struct{ title, message string }{
	EmailAsks:    {"email.asks.title", "email.asks"},
	EmailWaits:   {"email.waits.title", "email.waits"},
	EmailChanges: {"email.changes.title", "email.changes"},
	EmailIsTaken: {"email.taken.title", "email.taken"},
}

// TitleKey is the message key of the heading.
func (s EmailStep) TitleKey() string { return emailSteps[s].title }

// MessageKey is the message key of what happens next.
func (s EmailStep) MessageKey() string { return emailSteps[s].message }

// Asks reports whether there is something to confirm.
func (s EmailStep) Asks() bool { return s == EmailAsks }

// ConfirmEmailChange is the page behind both links of a change of address.
type ConfirmEmailChange struct {
	Step   EmailStep
	Action string // posted: confirms
	Old    string // masked where a stranger may read it
	New    string
	Here   string // which of the two this link was sent to
	There  string // the other one
	Next   string // when it is done: where to go on
}

var confirmEmailChangePage = parsePage("email_confirm")

// Render writes the page.
func (p ConfirmEmailChange) Render(w io.Writer, f Frame) error {
	return confirmEmailChangePage.render(w, f, p)
}
