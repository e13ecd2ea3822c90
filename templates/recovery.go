package templates

import (
	"io"
	"time"
)

// AskedRecovery is a request of somebody who has lost their authenticator, as an owner sees it.
type AskedRecovery struct {
	URL      string // of its page
	Name     string // of the person; may be empty
	Email    string
	Accounts []string // names of the accounts it would open
	AskedAt  time.Time
	Address  string // where it was asked from
}

// Recoveries lists the requests an owner can decide.
type Recoveries struct {
	Head    SettingsHead
	Waiting []AskedRecovery
}

var recoveriesPage = parsePage("recoveries")

// Render writes the page.
func (p Recoveries) Render(w io.Writer, f Frame) error { return recoveriesPage.render(w, f, p) }

// Recovery lets an owner approve or decline one of them, with a reason.
type Recovery struct {
	Head    SettingsHead
	Asked   AskedRecovery
	Action  string // posted, with FieldReason and FieldDecision
	BackURL string
	Reason  string // as it was typed
	Refusal Refusal
	Wait    time.Duration
}

// The values of FieldDecision.
const (
	DecisionApprove = "approve"
	DecisionDecline = "decline"
)

var recoveryPage = parsePage("recovery")

// Render writes the page.
func (p Recovery) Render(w io.Writer, f Frame) error { return recoveryPage.render(w, f, p) }
