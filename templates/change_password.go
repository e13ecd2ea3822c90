package templates

import (
	"io"
	"time"
)

// ChangePassword is where a person who is logged in chooses another password.
type ChangePassword struct {
	Action      string
	Email       string // for password managers
	HasPassword bool   // and has to enter it
	MinLength   int
	BackURL     string
	Refusal     Refusal
	Wait        time.Duration
}

var changePasswordPage = parsePage("change_password")

// NewFirst reports whether the new password is what the person types first.
func (p ChangePassword) NewFirst() bool { return !p.HasPassword }

// Render writes the page.
func (p ChangePassword) Render(w io.Writer, f Frame) error { return changePasswordPage.render(w, f, p) }
