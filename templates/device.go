package templates

import (
	"io"
	"time"
)

// DecisionAllow is the one answer of DeviceQuestion that means yes.
const DecisionAllow = "allow"

// DeviceCode asks for the code that a device without a browser shows.
type DeviceCode struct {
	Action  string
	Code    string // as a link has brought it, or as it was typed; may be empty
	Refusal Refusal
	Wait    time.Duration
}

// ByLink reports whether nobody has typed the code yet: then it is to be compared and not to be entered.
func (p DeviceCode) ByLink() bool { return p.Code != "" && p.Refusal == NotRefused }

var deviceCodePage = parsePage("device_code")

// Render writes the page.
func (p DeviceCode) Render(w io.Writer, f Frame) error { return deviceCodePage.render(w, f, p) }

// DeviceQuestion asks whether a device may be logged in, after the login.
type DeviceQuestion struct {
	Action      string
	ClientName  string
	AccountName string
	Email       string
	StartAgain  string // posted, as in Login; hidden when empty
}

var deviceQuestionPage = parsePage("device_question")

// Render writes the page.
func (p DeviceQuestion) Render(w io.Writer, f Frame) error { return deviceQuestionPage.render(w, f, p) }

// DeviceDone sends the person back to the device.
type DeviceDone struct {
	Refused bool
}

var deviceDonePage = parsePage("device_done")

// Render writes the page.
func (p DeviceDone) Render(w io.Writer, f Frame) error { return deviceDonePage.render(w, f, p) }
