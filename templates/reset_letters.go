package templates

import "time"

// ResetReason is why a person is sent a link to choose a new password.
type ResetReason int

// The reasons. The zero value is the one anybody can bring about.
const (
	ResetAsked    ResetReason = iota // the address was typed into Forgot Password
	ResetStarted                     // an operator has started it
	ResetApproved                    // somebody has vouched for a person who has lost the authenticator
	ResetNotMe                       // the person has said that something was not them
	ResetUndone                      // the same, and what was set up as first second factor is gone, with the password
)

var resetReasons = [...]struct{ subject, why, unexpected string }{
	ResetAsked:    {"letter.reset.subject", "letter.reset.asked", "letter.reset.ignore"},
	ResetStarted:  {"letter.reset.subject", "letter.reset.started", "letter.reset.ignore"},
	ResetApproved: {"letter.reset.approved.subject", "letter.reset.approved", "letter.reset.warn"},
	ResetNotMe:    {"letter.reset.subject", "letter.reset.not-me", "letter.reset.warn"},
	ResetUndone:   {"letter.reset.subject", "letter.reset.undone", "letter.reset.undone-warn"},
}

// SubjectKey is the message key of the subject.
func (r ResetReason) SubjectKey() string { return resetReasons[r].subject }

// WhyKey is the message key of the first sentence.
func (r ResetReason) WhyKey() string { return resetReasons[r].why }

// UnexpectedKey is the message key of what to do if the letter comes out of the blue.
func (r ResetReason) UnexpectedKey() string { return resetReasons[r].unexpected }

// ResetLink carries the link to the page for a new password.
type ResetLink struct {
	Reason    ResetReason
	Link      string // absolute, built from the configured issuer
	ExpiresAt time.Time
	Name      string // of the person; may be empty
}

var resetLink = parseLetter("reset_link")

// Letter writes the letter in the frame's language.
func (l ResetLink) Letter(f Frame) (Letter, error) { return resetLink.write(f, l) }

// SetUpAgain carries the link to the new QR code that follows a reset: the same that was on screen.
type SetUpAgain struct {
	Link      string // absolute, built from the configured issuer
	ExpiresAt time.Time
	Name      string // of the person; may be empty
}

var setUpAgain = parseLetter("set_up_again")

// Letter writes the letter in the frame's language.
func (l SetUpAgain) Letter(f Frame) (Letter, error) { return setUpAgain.write(f, l) }

// RecoveryRequest asks an owner to decide about a person who has lost the authenticator.
type RecoveryRequest struct {
	Name   string // of the owner; may be empty
	Person string // name and address of who asks
	Link   string // absolute, to the page of the request; holds no secret
}

var recoveryRequest = parseLetter("recovery_request")

// Letter writes the letter in the frame's language.
func (l RecoveryRequest) Letter(f Frame) (Letter, error) { return recoveryRequest.write(f, l) }

// RecoveryDeclined tells the person that nobody has vouched for them.
type RecoveryDeclined struct {
	Name string // of the person; may be empty
}

var recoveryDeclined = parseLetter("recovery_declined")

// Letter writes the letter in the frame's language.
func (l RecoveryDeclined) Letter(f Frame) (Letter, error) { return recoveryDeclined.write(f, l) }
