package templates

import (
	"html/template"
	"io"
	"net/url"
	"strings"
	"time"
)

// RecoveryCodes shows a new set of recovery codes, this once.
type RecoveryCodes struct {
	Codes         []string // as a person keeps them
	Email         string   // whose they are, for the file and the print
	NextURL       string   // where "I have saved these codes" leads
	RegenerateURL string   // posted: makes a new set; hidden when empty
	Product       string   // heads the file; rendering fills it in
}

var recoveryCodesPage = parsePage("recovery_codes")

// Render writes the page.
func (p RecoveryCodes) Render(w io.Writer, f Frame) error {
	return recoveryCodesPage.render(w, f, p.named(f))
}

func (p RecoveryCodes) named(f Frame) RecoveryCodes {
	p.Product = f.named().Product
	return p
}

// List is the codes as one text, one per line.
func (p RecoveryCodes) List() string { return strings.Join(p.Codes, "\n") }

// FileName is what the downloaded list is called.
func (p RecoveryCodes) FileName() string { return "recovery-codes.txt" }

// download makes a text a file that a link can hold, so that saving it needs neither a script nor a second request, for which the text would
// have to be stored.
func download(lines ...string) template.URL {
	text := strings.ReplaceAll(strings.Join(lines, "\n")+"\n", "\n", "\r\n")              // an old Windows editor knows no other
	return template.URL("data:text/plain;charset=utf-8," + url.PathEscape("\ufeff"+text)) // everything is escaped
}

// RecoveryCodesLow says that a recovery code has opened the login and that few are left.
type RecoveryCodesLow struct {
	Left        int
	NextURL     string // the login goes on there
	SettingsURL string // where new ones are made; hidden when empty
}

var recoveryCodeUsedPage = parsePage("recovery_code_used")

// Render writes the page.
func (p RecoveryCodesLow) Render(w io.Writer, f Frame) error {
	return recoveryCodeUsedPage.render(w, f, p)
}

// MessageKey is the message key of how many are left.
func (p RecoveryCodesLow) MessageKey() string {
	switch p.Left {
	case 0:
		return "code-used.none"
	case 1:
		return "code-used.one"
	}
	return "code-used.few"
}

// RegenerateCodes offers a new set of recovery codes to somebody who is logged in.
type RegenerateCodes struct {
	Action  string
	Left    int
	MadeAt  time.Time // of the set there is; zero: none
	BackURL string
}

var regenerateCodesPage = parsePage("regenerate_codes")

// Render writes the page.
func (p RegenerateCodes) Render(w io.Writer, f Frame) error {
	return regenerateCodesPage.render(w, f, p)
}
