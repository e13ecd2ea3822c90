package templates

import "time"

// Notice tells a person what has been done to their login, and offers "This wasn't me".
type Notice struct {
	Kind    NoticeKind
	Name    string // of the person; may be empty
	Detail  string // what the kind's message fills in as {detail}: a passkey's name, an address; may be empty where it does not
	Left    int    // recovery codes; for the kinds that count
	When    time.Time
	NotMe   string // absolute link that ends all sessions and starts a reset, built from the configured issuer; left out when empty
	Address string // where it was done from; left out when empty
	// UndoneUntil is until when NotMe takes back what the notice tells of; zero: never, or as far as that goes without saying.
	UndoneUntil time.Time
}

// NoticeKind is what a notice is about.
type NoticeKind int

// The kinds. There is no harmless default: the zero kind is the change of a password.
const (
	PasswordChanged NoticeKind = iota
	PasswordReset
	AuthenticatorAdded
	AuthenticatorRemoved
	TwoFactorTurnedOn
	TwoFactorTurnedOff
	RecoveryCodesMade
	RecoveryCodeUsed // Left
	PasskeyAdded     // Detail: its name
	PasskeyRemoved   // Detail: its name
	EmailChanged     // Detail: the new address
	WrongCodes       // a right password and wrong codes
	RecoveryAsked    // somebody says the authenticator is lost
)

var noticeKeys = [...]struct{ subject, message string }{
	PasswordChanged:      {"notice.password-changed.subject", "notice.password-changed"},
	PasswordReset:        {"notice.password-reset.subject", "notice.password-reset"},
	AuthenticatorAdded:   {"notice.authenticator-added.subject", "notice.authenticator-added"},
	AuthenticatorRemoved: {"notice.authenticator-removed.subject", "notice.authenticator-removed"},
	TwoFactorTurnedOn:    {"notice.two-factor-on.subject", "notice.two-factor-on"},
	TwoFactorTurnedOff:   {"notice.two-factor-off.subject", "notice.two-factor-off"},
	RecoveryCodesMade:    {"notice.codes-made.subject", "notice.codes-made"},
	RecoveryCodeUsed:     {"notice.code-used.subject", "notice.code-used"},
	PasskeyAdded:         {"notice.passkey-added.subject", "notice.passkey-added"},
	PasskeyRemoved:       {"notice.passkey-removed.subject", "notice.passkey-removed"},
	EmailChanged:         {"notice.email-changed.subject", "notice.email-changed"},
	WrongCodes:           {"notice.wrong-codes.subject", "notice.wrong-codes"},
	RecoveryAsked:        {"notice.recovery-asked.subject", "notice.recovery-asked"},
}

// SubjectKey is the message key of the subject.
func (k NoticeKind) SubjectKey() string { return noticeKeys[k].subject }

// MessageKey is the message key of what happened.
func (k NoticeKind) MessageKey() string { return noticeKeys[k].message }

var notice = parseLetter("notice")

// Letter writes the letter in the frame's language.
func (l Notice) Letter(f Frame) (Letter, error) { return notice.write(f, l) }
