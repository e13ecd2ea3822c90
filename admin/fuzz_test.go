package admin

import (
	"strings"
	"testing"
)

// FuzzFilesAreReadOrRefused: whatever a file for `apply` or a line for `user import` holds, it is read or refused with a reason of one
// line, and nothing panics.
func FuzzFilesAreReadOrRefused(f *testing.F) {
	for _, seed := range []string{
		"accounts:\n  - {slug: acme, name: Acme, two_factor: all}", "accounts: &a [*a]", "people:\n  - {email: ada@x.org, memberships: {acme: owner}}", "clients: [{id: cms, redirect_uris: [\"http://[::1\"]}]",
		"a: b: c", "accounts:\n\t- x", "---\n---\n", "\x00", `{"email":"ada@x.org","password_hash":"$2b$12$x"}`, `{"email":1}`, `{"email":"ada@x.org"}{"email":"x"}`, `[`, strings.Repeat("[", 5000), "people: !!binary x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := ParseFile([]byte(text))
		reading := importing{seen: map[string]int{}}
		reading.read(1, []byte(text))
		for _, refused := range reading.result.Refused {
			if refused.Problem == "" {
				t.Errorf("%q is refused without a reason", text)
			}
		}
		if err != nil && err.Error() == "" {
			t.Errorf("%q is refused without a reason", text)
		}
	})
}
