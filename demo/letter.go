package demo

import (
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // letters need not be UTF-8
	"github.com/emersion/go-message/mail"
)

// mostParts bounds how many parts of one letter are looked at.
const mostParts = 50

// letter is what a person wants to know of an .eml file.
type letter struct {
	From       string
	To         []string // bare addresses
	Subject    string
	Date       time.Time // zero when the letter names none
	Text, HTML string    // the first part of each kind
	Unreadable bool      // not a letter at all
}

// readLetter reads as much as it can and never fails: a half-written file is a letter
// whose end is missing.
func readLetter(file io.Reader) letter {
	reader, err := mail.CreateReader(io.LimitReader(file, longestLetter))
	if err != nil && !message.IsUnknownCharset(err) {
		return letter{Unreadable: true}
	}
	read := letter{To: recipients(reader.Header)}
	read.From = readable(reader.Header, "From")
	read.Subject = readable(reader.Header, "Subject")
	if date, err := reader.Header.Date(); err == nil {
		read.Date = date
	}
	read.Unreadable = reader.Header.Len() == 0
	for range mostParts {
		part, err := reader.NextPart()
		if part == nil || (err != nil && !message.IsUnknownCharset(err)) {
			break
		}
		read.keep(part)
	}
	return read
}

// keep takes the first text and the first HTML part and passes over attachments.
func (l *letter) keep(part *mail.Part) {
	header, inline := part.Header.(*mail.InlineHeader)
	if !inline {
		return
	}
	kind, _, err := header.ContentType()
	if err != nil {
		kind = "text/plain"
	}
	// A part cut short is still worth reading as far as it goes.
	body, _ := io.ReadAll(part.Body)
	text := strings.ToValidUTF8(string(body), "�")
	switch {
	case kind == "text/html" && l.HTML == "":
		l.HTML = text
	case kind == "text/plain" && l.Text == "":
		l.Text = strings.ReplaceAll(text, "\r\n", "\n")
	}
}

// recipients returns the bare addresses of To, or what stands there when it is none.
func recipients(header mail.Header) []string {
	list, err := header.AddressList("To")
	if err != nil || len(list) == 0 {
		if raw := readable(header, "To"); raw != "" {
			return []string{raw}
		}
		return nil
	}
	addresses := make([]string, len(list))
	for i, one := range list {
		addresses[i] = one.Address
	}
	return addresses
}

// readable decodes a header's encoded words, and leaves it as it is when they are broken.
func readable(header mail.Header, name string) string {
	text, err := header.Text(name)
	if err != nil {
		text = header.Get(name)
	}
	return clip(text)
}

// subject never is empty, because it is what one clicks on.
func (l letter) subject() string {
	switch {
	case l.Unreadable:
		return "(not readable as a letter)"
	case strings.TrimSpace(l.Subject) == "":
		return "(no subject)"
	}
	return l.Subject
}

// addressedTo tells whether the letter goes to this address; everything goes to "".
func (l letter) addressedTo(address string) bool {
	return address == "" || slices.ContainsFunc(l.To, func(to string) bool { return strings.EqualFold(to, address) })
}

// textPiece is a run of plain text, or a link when URL is set.
type textPiece struct{ Text, URL string }

var links = regexp.MustCompile(`https?://[^\s<>"'\x60]+`)

// splitLinks finds the links in plain text. What ends a sentence does not belong to the
// link before it.
func splitLinks(text string) []textPiece {
	var pieces []textPiece
	rest := 0
	for _, at := range links.FindAllStringIndex(text, -1) {
		link := strings.TrimRight(text[at[0]:at[1]], ".,;:!?)]}")
		end := at[0] + len(link)
		if at[0] > rest {
			pieces = append(pieces, textPiece{Text: text[rest:at[0]]})
		}
		pieces = append(pieces, textPiece{Text: link, URL: link})
		rest = end
	}
	if rest < len(text) {
		pieces = append(pieces, textPiece{Text: text[rest:]})
	}
	return pieces
}
