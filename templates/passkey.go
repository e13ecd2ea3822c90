package templates

import (
	"io"
	"time"
)

// PasskeyButton is how a page takes a passkey in the place of one of its fields. A form with one has a template of
// parts_passkey.html in it. The script brings the button to life where the browser knows passkeys, and sends the form with the
// answer in [FieldPasskey]. The zero value shows nothing.
type PasskeyButton struct {
	Options string // where the script asks what to ask the passkey
}

// PasskeySection is the part of Settings about passkeys. The zero value shows nothing.
type PasskeySection struct {
	Passkeys []PasskeyEntry
	AddURL   string
}

// PasskeyEntry is one passkey in the list.
type PasskeyEntry struct {
	Name    string
	AddedAt time.Time
	UsedAt  time.Time // zero: never
	Synced  bool      // it is on other devices of the person, too
	URL     string    // its own page
}

// NewPasskey asks for the name of a passkey before the device is asked to make it.
type NewPasskey struct {
	Action    string
	Name      string // filled in; empty: the browser on the system, as a suggestion
	Browser   string // empty: unknown
	System    string // empty: unknown
	Button    PasskeyButton
	CancelURL string
	Refusal   Refusal
	Wait      time.Duration
}

var newPasskeyPage = parsePage("passkey_new")

// Render writes the page.
func (p NewPasskey) Render(w io.Writer, f Frame) error { return newPasskeyPage.render(w, f, p) }

// OnePasskey is about one passkey of the person.
type OnePasskey struct {
	Action    string // posted: another name
	Name      string
	AddedAt   time.Time
	UsedAt    time.Time // zero: never
	Synced    bool
	RemoveURL string
	CancelURL string
	Refusal   Refusal
	Wait      time.Duration
}

var onePasskeyPage = parsePage("passkey")

// Render writes the page.
func (p OnePasskey) Render(w io.Writer, f Frame) error { return onePasskeyPage.render(w, f, p) }

// RemovePasskey asks before a passkey is removed, or says why it has to stay.
type RemovePasskey struct {
	Action    string // posted
	Name      string
	LockedOut []string // accounts that would be out of reach; then there is no button
	CancelURL string
}

var removePasskeyPage = parsePage("passkey_remove")

// Render writes the page.
func (p RemovePasskey) Render(w io.Writer, f Frame) error { return removePasskeyPage.render(w, f, p) }
