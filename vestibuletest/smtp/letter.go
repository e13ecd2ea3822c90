package smtp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	_ "github.com/emersion/go-message/charset" // letters need not be UTF-8
	"github.com/emersion/go-message/mail"
)

// Letter is one received message. From and To are the envelope's.
type Letter struct {
	From    string
	To      []string
	Subject string
	Text    string      // the text/plain part, decoded
	HTML    string      // the text/html part, decoded
	Header  mail.Header // everything else the sender wrote above the body
	Raw     []byte      // as it came over the wire
}

var link = regexp.MustCompile(`https?://[^\s<>"]+`)

// Links returns the addresses in the text part, in order.
func (l Letter) Links() []string { return link.FindAllString(l.Text, -1) }

// String is one line for failure messages.
func (l Letter) String() string {
	return fmt.Sprintf("%q to %s", l.Subject, strings.Join(l.To, ", "))
}

// parse reads a message as a mail program would.
func parse(raw []byte) (Letter, error) {
	l := Letter{Raw: raw}
	r, err := mail.CreateReader(bytes.NewReader(raw))
	if err != nil {
		return l, err
	}
	defer r.Close()
	l.Header = r.Header
	if l.Subject, err = r.Header.Subject(); err != nil {
		return l, err
	}
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return l, nil
		}
		if err != nil {
			return l, err
		}
		if err := l.add(part); err != nil {
			return l, err
		}
	}
}

// add keeps the parts people read; attachments stay in Raw.
func (l *Letter) add(part *mail.Part) error {
	header, ok := part.Header.(*mail.InlineHeader)
	if !ok {
		return nil
	}
	body, err := io.ReadAll(part.Body)
	if err != nil {
		return err
	}
	kind, _, err := header.ContentType()
	if err != nil {
		return err
	}
	switch kind {
	case "text/plain":
		l.Text = string(body)
	case "text/html":
		l.HTML = string(body)
	}
	return nil
}
