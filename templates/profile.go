package templates

import (
	"io"
	"time"

	"golang.org/x/text/language/display"
)

// Profile is the tab for what people say about themselves.
type Profile struct {
	Head       SettingsHead
	Action     string
	Name       string
	GivenName  string
	FamilyName string
	Languages  []LanguageChoice
	EmailURL   string        // where another address is asked for
	Waiting    *EmailWaiting // nil: no change of address is under way
	Refusal    Refusal
	Wait       time.Duration
}

var profilePage = parsePage("profile")

// Render writes the page.
func (p Profile) Render(w io.Writer, f Frame) error { return profilePage.render(w, f, p) }

// EmailWaiting is a change of address that is not confirmed at both ends.
type EmailWaiting struct {
	Email   string
	OldDone bool
	NewDone bool
	Until   time.Time
	Cancel  string // posted: withdraws it
}

// LanguageChoice is one language a person can choose.
type LanguageChoice struct {
	Tag    string
	Name   string // in itself
	Chosen bool
}

// LanguageChoices lists the languages we speak, each by its own name, with the one nearest to a person's locale chosen; none for
// who has no locale and is answered in the language of the browser.
func LanguageChoices(locale string) []LanguageChoice {
	var all []LanguageChoice
	for _, tag := range offered {
		chosen := locale != "" && Language("", locale) == tag.String()
		all = append(all, LanguageChoice{Tag: tag.String(), Name: display.Self.Name(tag), Chosen: chosen})
	}
	return all
}

// Speaks reports whether we offer exactly this language.
func Speaks(tag string) bool {
	for _, t := range offered {
		if t.String() == tag {
			return true
		}
	}
	return false
}
