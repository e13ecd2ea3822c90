package mail

import (
	"errors"
	netmail "net/mail"
	"regexp"
	"strings"
	"unicode"

	gomail "github.com/wneessen/go-mail"
)

var envelopeID = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$`)

// CheckSender says whether the text can be an Envelope's From. For the start of
// the program, so that a wrong setting is not noticed at the first letter.
func CheckSender(from string) error {
	if _, err := parseAddress(from); err != nil {
		return errors.New(`the sender of letters must look like login@example.com or "Acme Login <login@example.com>"`)
	}
	return nil
}

// message is the one place where letters become MIME. The same envelope gives
// the same bytes, which is why the boundary is made from the ID: the ID is
// random, so nobody can put the boundary into a text beforehand.
func message(e Envelope) (*gomail.Msg, error) {
	if !envelopeID.MatchString(e.ID) {
		return nil, unsendable("its ID is not a plain name")
	}
	if e.Date.IsZero() {
		return nil, unsendable("it has no date")
	}
	from, err := parseAddress(e.From)
	if err != nil {
		return nil, unsendable("the sender is not an address")
	}
	to, err := parseAddress(e.To)
	if err != nil {
		return nil, unsendable("the recipient is not an address")
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithBoundary("vestibule_"+e.ID))
	m.FromMailAddress(from)
	m.ToMailAddress(to)
	m.Subject(oneLine(e.Subject))
	m.SetDateWithValue(e.Date)
	m.SetMessageIDWithValue(e.ID + from.Address[strings.LastIndexByte(from.Address, '@'):])
	// RFC 3834: nobody's holiday notice answers these.
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader("X-Auto-Response-Suppress", "All")
	m.SetBodyString(gomail.TypeTextPlain, e.Text)
	if e.HTML != "" {
		m.AddAlternativeString(gomail.TypeTextHTML, e.HTML)
	}
	return m, nil
}

// parseAddress reads one address with or without a name. An address that needs
// quoting ("a b"@example.com) is refused: relays disagree about those, and
// disagreements about where an address ends are how letters are hijacked.
func parseAddress(s string) (*netmail.Address, error) {
	if strings.ContainsFunc(s, unicode.IsControl) {
		return nil, errors.New("control character in address")
	}
	address, err := netmail.ParseAddress(s)
	if err != nil {
		return nil, err
	}
	if strings.ContainsAny(address.Address, " \"\\<>,;:()[]") || strings.Count(address.Address, "@") != 1 {
		return nil, errors.New("quoted address")
	}
	address.Name = oneLine(address.Name)
	return address, nil
}

// longestHeaderText keeps header lines below the 998 bytes of RFC 5322, as a
// text without spaces cannot be folded.
const longestHeaderText = 250

// oneLine makes a text fit for a header: nothing in it can start a new one, and
// nothing in it looks as if it were encoded already, or mail programs would
// decode what we wrote as it is.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "=?", "= ?")
	if text := []rune(s); len(text) > longestHeaderText {
		return string(text[:longestHeaderText-1]) + "…"
	}
	return s
}
