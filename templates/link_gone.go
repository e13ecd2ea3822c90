package templates

import "io"

// LinkGone explains a link from a letter that no longer works, and leads on to where a new one comes from. Links to the QR
// screen have a page of their own, [EnrollmentGone].
type LinkGone struct {
	Reason  GoneReason
	NextURL string // where to get another one; hidden when empty
	Next    NextStep
}

// NextStep names what a page's last button does.
type NextStep int

// The steps.
const (
	NextLogin NextStep = iota
	NextForgot
	NextSignUp
	NextSettings
)

var nextKeys = [...]string{NextLogin: "login.button", NextForgot: "login.forgot", NextSignUp: "login.sign-up", NextSettings: "link-gone.settings"}

// Key is the message key of the button.
func (n NextStep) Key() string { return nextKeys[n] }

var linkGoneReasons = [...]string{
	LinkUnknown: "link-gone.unknown", LinkExpired: "link-gone.expired", LinkUsed: "link-gone.used", LinkSuperseded: "link-gone.superseded",
}

// MessageKey is the message key of the explanation.
func (p LinkGone) MessageKey() string { return linkGoneReasons[p.Reason] }

var linkGonePage = parsePage("link_gone")

// Render writes the page.
func (p LinkGone) Render(w io.Writer, f Frame) error { return linkGonePage.render(w, f, p) }
