package templates

import (
	"io"
	"time"
)

// Login is the one login page. It is the same for all accounts; when the account asks for a code the same page comes
// back with AskCode and shows the field Authenticator Code instead of the password.
type Login struct {
	Action     string // where the form is posted; carries the request's id
	Email      string
	Remember   bool
	ClientName string // "to continue to …"; may be empty
	ForgotURL  string // link hidden when empty
	SignUpURL  string // link hidden when empty
	Refusal    Refusal
	Wait       time.Duration // for TooManyAttempts

	Passkey PasskeyButton

	AskCode     bool
	NoCode      bool   // nothing but a passkey will do: there is no field for a code
	AccountName string // who asks for the code
	Recovery    bool   // the field is for a recovery code
	Ladder      Ladder // what else helps; hidden when empty
	SendLink    string // posted: a new link, for who has seen a QR code and not scanned it; hidden when empty
	StartAgain  string // posted (it ends this login), shown as "Not you? Start again"; hidden when empty
}

// Ladder is what a person can do whose authenticator is not at hand, the easiest first. What is empty is left out.
type Ladder struct {
	RecoveryURL string // the page with the field for a recovery code
	AppURL      string // back to the code from the app
	PasskeyURL  string // back to the passkey, for who has no app
	LostURL     string // I have lost my authenticator
	NoApp       bool   // a passkey is what the person has and may not have at hand
}

// Any reports whether there is anything to offer.
func (l Ladder) Any() bool { return l != Ladder{} }

var loginPage = parsePage("login")

// Render writes the page.
func (p Login) Render(w io.Writer, f Frame) error { return loginPage.render(w, f, p) }
