package templates

import (
	"bytes"
	"embed"
	"fmt"
	htmltemplate "html/template"
	"strings"
	"sync"
	texttemplate "text/template"
	"time"
)

//go:embed letters/*
var letterFiles embed.FS

// Letter is a finished mail but for its addresses. The subject is one line; the text part says everything by itself; the
// HTML part loads nothing from anywhere.
type Letter struct {
	Subject string
	Text    string
	HTML    string
}

// SetUpTwoFactor carries the enrollment link.
type SetUpTwoFactor struct {
	Account   string
	Link      string // absolute, built from the configured issuer
	ExpiresAt time.Time
	Name      string // of the person; may be empty
}

var setUpTwoFactor = parseLetter("set_up_two_factor")

// Letter writes the letter in the frame's language.
func (l SetUpTwoFactor) Letter(f Frame) (Letter, error) { return setUpTwoFactor.write(f, l) }

// NothingToDo tells a person who has an authenticator or a passkey already that one more account now asks for it.
type NothingToDo struct {
	Account string
	Name    string // of the person; may be empty
	Passkey bool   // it is a passkey that they have, and no app
}

var nothingToDo = parseLetter("nothing_to_do")

// Letter writes the letter in the frame's language.
func (l NothingToDo) Letter(f Frame) (Letter, error) { return nothingToDo.write(f, l) }

// AuthenticatorOff tells a person that too many wrong codes in a row have switched the app off.
type AuthenticatorOff struct {
	Name string // of the person; may be empty
}

var authenticatorOff = parseLetter("authenticator_off")

// Letter writes the letter in the frame's language.
func (l AuthenticatorOff) Letter(f Frame) (Letter, error) { return authenticatorOff.write(f, l) }

// PasswordGuessing tells a person that somebody guesses at their password.
type PasswordGuessing struct {
	Name         string // of the person; may be empty
	KnownBrowser bool   // in a browser that has logged the person in before
	SettingsURL  string // absolute
	ForgotURL    string // absolute
}

var passwordGuessing = parseLetter("password_guessing")

// Letter writes the letter in the frame's language.
func (l PasswordGuessing) Letter(f Frame) (Letter, error) { return passwordGuessing.write(f, l) }

// letter is one letter's parts in every language, by the catalogue's tag.
type letter map[string]func() (parts, error)

// parts are a text template, which defines "subject" and "text", and an HTML template, which defines "body".
type parts struct {
	text *texttemplate.Template
	html *htmltemplate.Template
}

// parseLetter reads letters/<name>.txt and .html, in each language when it is first written; see [parsePage].
func parseLetter(name string) letter {
	l := letter{}
	for tag, c := range catalogues {
		l[tag] = sync.OnceValues(func() (p parts, err error) {
			p.text, err = texttemplate.New(name).Funcs(texttemplate.FuncMap(c.functions())).ParseFS(letterFiles, "letters/"+name+".txt")
			if err != nil {
				return p, err
			}
			p.html, err = htmltemplate.New(name).Funcs(c.functions()).ParseFS(letterFiles, "letters/layout.html", "letters/"+name+".html")
			return p, err
		})
	}
	return l
}

// write fills in both parts. What goes into the subject and the text passes through the catalogue, which keeps
// every value on one line.
func (l letter) write(f Frame, data any) (Letter, error) {
	p, err := l[catalogueFor(f.Lang).tag]()
	if err != nil {
		return Letter{}, fmt.Errorf("parse letter: %w", err)
	}
	v := view{Frame: f.named(), Page: data}
	var subject, text, html bytes.Buffer
	err = p.text.ExecuteTemplate(&subject, "subject", v)
	if err == nil {
		err = p.text.ExecuteTemplate(&text, "text", v)
	}
	if err == nil {
		err = p.html.ExecuteTemplate(&html, "layout", v)
	}
	if err != nil {
		return Letter{}, fmt.Errorf("write letter %s: %w", p.text.Name(), err)
	}
	return Letter{Subject: oneLine(subject.String()), Text: strings.TrimSpace(text.String()) + "\n", HTML: html.String()}, nil
}
