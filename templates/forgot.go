package templates

import "io"

// ForgotPassword says how to get a new password where nobody can choose one by themselves: the person who runs this login
// sends an invitation.
type ForgotPassword struct {
	Email    string // the address that was filled in; may be empty
	LoginURL string // hidden when empty
}

var forgotPasswordPage = parsePage("forgot_password")

// Render writes the page.
func (p ForgotPassword) Render(w io.Writer, f Frame) error { return forgotPasswordPage.render(w, f, p) }
