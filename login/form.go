package login

import (
	"errors"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/vestibule-id/vestibule/identity"
)

// Bounds of what is read from a form.
const (
	longestForm     = 64 << 10
	mostFields      = 64
	longestEmail    = 320     // what is written back; an address is shorter (RFC 5321)
	longestPassword = 4 << 10 // nobody can have set a longer one, so it is not worth hashing
)

// readForm parses query and body once, and refuses what no database and no page can hold.
func readForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, longestForm)
	// Other kinds would be read as an empty form, and refused for reasons that confuse.
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Method == http.MethodPost && r.ContentLength != 0 && (err != nil || kind != "application/x-www-form-urlencoded") {
		return problem{http.StatusUnsupportedMediaType}
	}
	if err := r.ParseForm(); err != nil {
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			return problem{http.StatusRequestEntityTooLarge}
		}
		return problem{http.StatusBadRequest}
	}
	if len(r.Form) > mostFields {
		return problem{http.StatusBadRequest}
	}
	for name, values := range r.Form {
		if !readable(name) || !readable(strings.Join(values, "")) {
			return problem{http.StatusBadRequest}
		}
	}
	return nil
}

// readable refuses what PostgreSQL cannot store as text.
func readable(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// requestID is the authorization request that a URL names.
func requestID(r *http.Request) identity.RequestID {
	return identity.RequestID(r.URL.Query().Get("request"))
}

// shortened keeps an address that is written back within reason.
func shortened(email string) string {
	email = strings.TrimSpace(email)
	if len(email) > longestEmail {
		return ""
	}
	return email
}
