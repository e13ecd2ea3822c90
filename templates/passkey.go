package templates

// PasskeyButton is how a page takes a passkey in the place of one of its fields. A form with one has the template
// passkey-button in it. The script brings the button to life where the browser knows passkeys, and sends the form with the answer in
// [FieldPasskey]. The zero value shows nothing.
type PasskeyButton struct {
	Options string // where the script asks what to ask the passkey
}
