package templates

import (
	"io"
	"time"
)

// ForgotPassword asks for the address to which a link is mailed.
type ForgotPassword struct {
	Action   string
	Email    string // filled in; may be empty
	LoginURL string // hidden when empty
	Refusal  Refusal
	Wait     time.Duration
}

var forgotPasswordPage = parsePage("forgot_password")

// Render writes the page.
func (p ForgotPassword) Render(w io.Writer, f Frame) error { return forgotPasswordPage.render(w, f, p) }

// ForgotSent answers every address alike, whether it is known or not.
type ForgotSent struct {
	Email    string        // as it was typed; may be empty
	ValidFor time.Duration // of the link
	AgainURL string        // back to the form
	LoginURL string
}

var forgotSentPage = parsePage("forgot_sent")

// Render writes the page.
func (p ForgotSent) Render(w io.Writer, f Frame) error { return forgotSentPage.render(w, f, p) }

// ResetPassword is where a reset link leads: the new password and, where an account wants it, something that proves more than the
// mailbox does.
type ResetPassword struct {
	Action    string
	Email     string
	ExpiresAt time.Time
	MinLength int           // of the new password
	AskProof  bool          // a code or a recovery code is wanted on the same page
	Passkey   PasskeyButton // in the place of the code
	NoPasskey bool          // the person has passkeys, and an account of theirs takes none
	Outgrown  bool          // the link was approved before the person joined an account of somebody else
	LostURL   string        // for who has nothing left to prove it with; hidden when empty
	Refusal   Refusal
	Wait      time.Duration
}

var resetPasswordPage = parsePage("reset_password")

// NewFirst reports whether the new password is what the person types first.
func (p ResetPassword) NewFirst() bool { return true }

// Render writes the page.
func (p ResetPassword) Render(w io.Writer, f Frame) error { return resetPasswordPage.render(w, f, p) }

// ResetDone says that the new password has been set. OK leads on.
type ResetDone struct {
	OKURL string
	SetUp bool // OK shows a new QR code; the link to it is in the mail as well
}

var resetDonePage = parsePage("reset_done")

// Render writes the page.
func (p ResetDone) Render(w io.Writer, f Frame) error { return resetDonePage.render(w, f, p) }

// LostAuthenticator offers to ask somebody who knows the person.
type LostAuthenticator struct {
	Action    string // posted: asks
	BackURL   string // to the page that wants a code
	ForgotURL string // where the link comes from that has to be opened first; empty: it was opened
	Another   bool   // see [NotMe]
	Refusal   Refusal
	Wait      time.Duration
}

var lostAuthenticatorPage = parsePage("lost_authenticator")

// Render writes the page.
func (p LostAuthenticator) Render(w io.Writer, f Frame) error {
	return lostAuthenticatorPage.render(w, f, p)
}

// LostAsked says that the request is under way.
type LostAsked struct {
	ByOwner bool // an owner can decide; otherwise the people who run this login
	BackURL string
}

var lostAskedPage = parsePage("lost_asked")

// Render writes the page.
func (p LostAsked) Render(w io.Writer, f Frame) error { return lostAskedPage.render(w, f, p) }

// NotMe is where "This wasn't me" leads. Nothing has happened yet when it is shown.
type NotMe struct {
	Action string // posted
	Email  string
	Undoes bool // it takes back every second factor there is, and the password
	Proof  bool // the link that is mailed will ask for a second factor
	// Another letter of the last day takes back what that second factor was set up with.
	Another bool
}

var notMePage = parsePage("not_me")

// Render writes the page.
func (p NotMe) Render(w io.Writer, f Frame) error { return notMePage.render(w, f, p) }

// NotMeDone says what was done, and where the link to a new password is.
type NotMeDone struct {
	LoginURL string
	Undone   bool // every second factor there was, and the password, are gone
	Proof    bool // the link that was mailed asks for a second factor
	Another  bool // see [NotMe]
}

var notMeDonePage = parsePage("not_me_done")

// Render writes the page.
func (p NotMeDone) Render(w io.Writer, f Frame) error { return notMeDonePage.render(w, f, p) }
