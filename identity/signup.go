package identity

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// SignUp is whether people nobody has invited may get a login and an account of their own.
type SignUp string

// The choices. The zero value is off.
const (
	SignUpOff     SignUp = "off"
	SignUpOn      SignUp = "on"
	SignUpClients SignUp = "clients" // who comes from a client that allows it
)

// Validate reports a choice that does not exist.
func (s SignUp) Validate() error {
	if !oneOf(s, "", SignUpOff, SignUpOn, SignUpClients) {
		return fmt.Errorf("sign_up %q is not off, on or clients", s)
	}
	return nil
}

// OpenTo reports whether somebody may sign up who comes from a client (zero: from none).
func (s SignUp) OpenTo(c Client) bool { return s == SignUpOn || s == SignUpClients && c.SignUp }

// Limits of signing up, per address of the network.
const (
	AddressSignUps        = 5
	AddressSignUpInterval = 10 * time.Minute
)

// SlugOf returns the slug that fits a name: its letters and digits in ASCII, with dashes between the words; "account" for a
// name that has none. Take the n-th if the ones before are taken, counting from 1.
func SlugOf(name string, n int) string {
	var slug strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(name)) {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			slug.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // the dots of an ö
		case slug.Len() > 0 && !strings.HasSuffix(slug.String(), "-"):
			slug.WriteByte('-')
		}
	}
	text := slug.String()
	text = strings.Trim(text[:min(len(text), 50)], "-")
	if text == "" {
		text = "account"
	}
	if n > 1 {
		text += fmt.Sprintf("-%d", n)
	}
	return text
}
