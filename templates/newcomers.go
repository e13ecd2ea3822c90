package templates

import (
	"io"
	"time"
)

// The names of the form fields of people who are new.
const (
	FieldAccountName = "account-name" // SignUpFinish
)

// Invitation is where the link of an invitation leads: an invited person says what they are called, and chooses a password.
type Invitation struct {
	Action      string
	AccountName string
	Email       string
	Name        string // as the inviting person wrote it, or as it was sent
	MinLength   int    // of the password
	ExpiresAt   time.Time
	AsksCode    bool // an authenticator app is set up next
	Refusal     Refusal
	Wait        time.Duration
}

var invitationPage = parsePage("invitation")

// Render writes the page.
func (p Invitation) Render(w io.Writer, f Frame) error { return invitationPage.render(w, f, p) }

// Welcome says that a person can log in from now on.
type Welcome struct {
	AccountName string
	Email       string
	LoginURL    string
}

var welcomePage = parsePage("welcome")

// Render writes the page.
func (p Welcome) Render(w io.Writer, f Frame) error { return welcomePage.render(w, f, p) }

// SignUp asks for the address alone: the rest follows once the mailbox is proven.
type SignUp struct {
	Action     string
	Email      string
	ClientName string // may be empty
	LoginURL   string
	Refusal    Refusal
	Wait       time.Duration
}

var signUpPage = parsePage("sign_up")

// Render writes the page.
func (p SignUp) Render(w io.Writer, f Frame) error { return signUpPage.render(w, f, p) }

// SignUpSent is the answer to every address, whether it is known or not.
type SignUpSent struct {
	LoginURL string
	ValidFor time.Duration // of the link
}

var signUpSentPage = parsePage("sign_up_sent")

// Render writes the page.
func (p SignUpSent) Render(w io.Writer, f Frame) error { return signUpSentPage.render(w, f, p) }

// SignUpFinish is where the link leads: name, account and password.
type SignUpFinish struct {
	Action      string
	Email       string
	Name        string
	AccountName string
	MinLength   int
	ExpiresAt   time.Time
	Refusal     Refusal
	Wait        time.Duration
}

var signUpFinishPage = parsePage("sign_up_finish")

// Render writes the page.
func (p SignUpFinish) Render(w io.Writer, f Frame) error { return signUpFinishPage.render(w, f, p) }

// SignedUp says that login and account are there.
type SignedUp struct {
	Email    string
	LoginURL string // goes on to the product the person came from, if they came from one
}

var signedUpPage = parsePage("signed_up")

// Render writes the page.
func (p SignedUp) Render(w io.Writer, f Frame) error { return signedUpPage.render(w, f, p) }

// Invited carries the link of an invitation.
type Invited struct {
	Account   string
	Link      string // absolute, built from the configured issuer
	ExpiresAt time.Time
	Name      string // of the person; may be empty
	AsksCode  bool   // the account will ask for a code
}

var invited = parseLetter("invited")

// Letter writes the letter in the frame's language.
func (l Invited) Letter(f Frame) (Letter, error) { return invited.write(f, l) }

// Joined tells a person who has a password that they belong to one more account. It carries no link that sets anything.
type Joined struct {
	Account  string
	Role     Role
	Name     string // of the person; may be empty
	LoginURL string // absolute
	AsksCode bool   // the account asks for a code …
	HasCode  bool   // … and the person has what it asks for
}

var joined = parseLetter("joined")

// Letter writes the letter in the frame's language.
func (l Joined) Letter(f Frame) (Letter, error) { return joined.write(f, l) }

// SignUpLink carries the link that proves the mailbox of somebody who signs up.
type SignUpLink struct {
	Email     string // the address it goes to
	Link      string
	ExpiresAt time.Time
}

var signUpLink = parseLetter("sign_up_link")

// Letter writes the letter in the frame's language.
func (l SignUpLink) Letter(f Frame) (Letter, error) { return signUpLink.write(f, l) }

// SignUpKnown tells a person that somebody wanted to sign up with the address of their login.
type SignUpKnown struct {
	Name      string
	LoginURL  string // absolute
	ForgotURL string // absolute
}

var signUpKnown = parseLetter("sign_up_known")

// Letter writes the letter in the frame's language.
func (l SignUpKnown) Letter(f Frame) (Letter, error) { return signUpKnown.write(f, l) }
