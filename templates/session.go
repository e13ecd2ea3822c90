package templates

import "io"

// ProductLink is one product a person can go to.
type ProductLink struct {
	Name string
	URL  string
}

// SignedIn is what a person sees who is logged in and was not on the way to a product.
type SignedIn struct {
	Name         string // may be empty
	Email        string
	Products     []ProductLink
	SettingsURL  string // hidden when empty
	LogoutAction string // posted
}

var signedInPage = parsePage("signed_in")

// Render writes the page.
func (p SignedIn) Render(w io.Writer, f Frame) error { return signedInPage.render(w, f, p) }

// LogoutChoice is an account a person can leave while staying logged in to others.
type LogoutChoice struct {
	Name string
	Slug string
}

// ConfirmLogout asks before a session ends, because nobody may be logged out by a mere link.
type ConfirmLogout struct {
	Action     string // posted: logs out everywhere, or of the account whose button was pressed
	Email      string // may be empty
	Accounts   []LogoutChoice
	ClientName string // who asked for it; may be empty
	StayURL    string
}

var confirmLogoutPage = parsePage("confirm_logout")

// Render writes the page.
func (p ConfirmLogout) Render(w io.Writer, f Frame) error { return confirmLogoutPage.render(w, f, p) }

// LoggedOut says that the session has ended. Links appear only for what is filled in.
type LoggedOut struct {
	ReturnURL  string // back to the product; http and https only
	ClientName string // the product's name; may be empty
	LoginURL   string // may be empty
}

var loggedOutPage = parsePage("logged_out")

// Render writes the page.
func (p LoggedOut) Render(w io.Writer, f Frame) error { return loggedOutPage.render(w, f, p) }
