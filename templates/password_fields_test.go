package templates

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// TestR7_EveryPasswordAndCodeFieldIsUnderstoodByPasswordManagers looks at every page there is: what a field is for, that it has a username
// beside it, and that nothing keeps people from pasting.
func TestR7_EveryPasswordAndCodeFieldIsUnderstoodByPasswordManagers(t *testing.T) {
	passwords, codes := 0, 0
	for _, s := range hostileSamples() {
		source, tree := rendered(t, s, "en")
		if strings.Contains(source, "onpaste") {
			t.Errorf("%s keeps people from pasting", s.name)
		}
		for _, in := range elements(tree, "input") {
			kind, _ := attribute(in, "type")
			name, _ := attribute(in, "name")
			what, _ := attribute(in, "autocomplete")
			limit, limited := attribute(in, "maxlength")
			switch {
			case kind == "password":
				passwords++
				if want := wantedOf(name); what != want && !(name == FieldPassword && what == "current-password") {
					t.Errorf("%s: %s is %q", s.name, name, what)
				}
				if limited {
					t.Errorf("%s: %s is cut off at %s", s.name, name, limit)
				}
			case name == FieldCode && kind != "hidden":
				codes++
				if what != "one-time-code" && what != "off" { // recovery codes are for one time as well, and no app fills them in
					t.Errorf("%s: the code is %q", s.name, what)
				}
			case strings.Contains(name, "password"):
				t.Errorf("%s: %s can be read over the shoulder", s.name, name)
			}
		}
		if len(passwordsOf(tree)) > 0 && !strings.Contains(source, `autocomplete="username`) {
			t.Errorf("%s: a password manager would not know whose password it is", s.name)
		}
	}
	if passwords < 10 || codes < 5 {
		t.Errorf("%d password fields and %d code fields were found", passwords, codes)
	}
}

func wantedOf(name string) string {
	if name == FieldCurrentPassword {
		return "current-password"
	}
	return "new-password"
}

func passwordsOf(tree *html.Node) (found []*html.Node) {
	for _, in := range elements(tree, "input") {
		if kind, _ := attribute(in, "type"); kind == "password" {
			found = append(found, in)
		}
	}
	return found
}
