package templates

import (
	"io"
	"time"
)

// TwoFactor is the section of Settings about the second factor: what there is, who asks for it, and what can be changed.
type TwoFactor struct {
	App        bool     // an authenticator app is set up
	Passkeys   bool     // there is at least one
	Always     bool     // every login asks
	RequiredBy []string // the accounts that ask, whatever the person wants

	Enable           string // posted: begins to set up an app
	AlwaysURL        string // a page
	WhereRequiredURL string // a page
	RemoveURL        string // a page

	SendLink    string // posted: the first factor comes by mail; empty where it does not
	MaskedEmail string
	LinkSent    bool   // a link is under way
	ForgotURL   string // the app was switched off by wrong codes: a reset brings a new one; empty otherwise
}

// MaySetUp reports whether an app can be set up here.
func (s TwoFactor) MaySetUp() bool { return s.SendLink == "" && s.ForgotURL == "" }

// HasFactor reports whether there is anything that could be asked for.
func (s TwoFactor) HasFactor() bool { return s.App || s.Passkeys }

// AuthenticatorSetUp is the pop-up with the QR code of a new app. Without QR it offers to show one.
type AuthenticatorSetUp struct {
	Start    string // posted: makes the QR code
	Action   string // posted: the first code
	Cancel   string // posted
	Email    string
	Replaces bool    // there is an app, and it stays as good as it is until the new one is confirmed
	QR       Picture // inline SVG, shown on white
	Key      string  // the secret in Base32 as one word; the page groups it
	URI      string  // otpauth://…, for the app on the same device
	Refusal  Refusal
	Wait     time.Duration
}

// TwoFactorChange is a change that takes one button.
type TwoFactorChange int

// The changes.
const (
	AskAlways TwoFactorChange = iota
	AskWhereRequired
	RemoveApp
)

var twoFactorChanges = [...]struct{ title, message, button string }{
	AskAlways:        {"two-factor.always.title", "two-factor.always.message", "two-factor.always.button"},
	AskWhereRequired: {"two-factor.required.title", "two-factor.required.message", "two-factor.required.button"},
	RemoveApp:        {"two-factor.remove.title", "two-factor.remove.message", "two-factor.remove.button"},
}

// TitleKey is the message key of the question.
func (c TwoFactorChange) TitleKey() string { return twoFactorChanges[c].title }

// MessageKey is the message key of what would change.
func (c TwoFactorChange) MessageKey() string { return twoFactorChanges[c].message }

// ButtonKey is the message key of the button that does it.
func (c TwoFactorChange) ButtonKey() string { return twoFactorChanges[c].button }

// ChangeTwoFactor asks before a change. Where accounts require what would go, it names them and does nothing.
type ChangeTwoFactor struct {
	Change     TwoFactorChange
	Action     string // posted
	BackURL    string
	RequiredBy []string // not empty: the change is refused
	InsteadURL string   // what can be done instead: ask only where an account requires it; hidden when empty
}

var changeTwoFactorPage = parsePage("change_two_factor")

// Render writes the page.
func (p ChangeTwoFactor) Render(w io.Writer, f Frame) error {
	return changeTwoFactorPage.render(w, f, p)
}
