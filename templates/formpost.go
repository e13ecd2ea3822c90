package templates

import "io"

// FormField is one value to hand to the client.
type FormField struct {
	Name  string
	Value string
}

// FormPost hands an authorization response to the client by a form (OAuth 2.0 Form Post Response Mode). The script
// sends it at once; without script the person presses Continue. The page's policy must allow form-action to the
// client's origin.
type FormPost struct {
	Action     string // the client's redirect URI, http or https
	Fields     []FormField
	ClientName string // may be empty
}

var formPostPage = parsePage("form_post")

// Render writes the page.
func (p FormPost) Render(w io.Writer, f Frame) error { return formPostPage.render(w, f, p) }
