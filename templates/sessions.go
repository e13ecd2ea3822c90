package templates

import (
	"io"
	"time"
)

// Sessions is the tab for the browsers in which a person is logged in.
type Sessions struct {
	Head      SettingsHead
	Sessions  []OpenSession
	EndURL    string // posted with the id of the button that was pressed
	OthersURL string // posted: ends all but this one; hidden when there is no other
}

var sessionsPage = parsePage("sessions")

// Render writes the page.
func (p Sessions) Render(w io.Writer, f Frame) error { return sessionsPage.render(w, f, p) }

// OpenSession is one browser in which a person is logged in.
type OpenSession struct {
	ID       string
	Here     bool   // it is the one that asks
	Browser  string // empty: unknown
	System   string // empty: unknown
	Address  string // may be empty
	Since    time.Time
	Seen     time.Time
	Accounts []string // names
	Factors  []Factor // what was proven
}

// Factor is something a session has proven.
type Factor int

// The factors.
const (
	FactorPassword Factor = iota
	FactorApp
	FactorRecoveryCode
	FactorPasskey
)

var factorKeys = [...]string{
	FactorPassword: "factor.password", FactorApp: "factor.app", FactorRecoveryCode: "factor.recovery-code", FactorPasskey: "factor.passkey",
}

// Key is the factor's message key.
func (f Factor) Key() string { return factorKeys[f] }
