package mail

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	mailreader "github.com/emersion/go-message/mail"
)

// letter is an ordinary one that tests change where they need to.
func letter() Envelope {
	return Envelope{
		ID: "0199aa10-7c11-7d1e-a000-0242ac120002", Date: time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC),
		From: "Acme Login <login@acme.example>", To: "ada@example.com",
		Subject: "Set up your authenticator for Größe & Söhne",
		Text:    "Hello Ada,\n\nhttps://id.example/enroll/abc=def\n.\n.hidden dot\n" + strings.Repeat("long ", 300),
		HTML:    "<p>Hello <b>Ada</b> 🎬 <a href=\"https://id.example/enroll/abc=def\">Set up</a></p>",
	}
}

func bytesOf(t *testing.T, e Envelope) []byte {
	t.Helper()
	m, err := message(e)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// read is what a mail program makes of the bytes: the header and the parts.
func read(t *testing.T, raw []byte) (header mailreader.Header, parts map[string]string) {
	t.Helper()
	r, err := mailreader.CreateReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	parts = map[string]string{}
	for {
		part, err := r.NextPart()
		if err == io.EOF {
			return r.Header, parts
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(part.Body)
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := part.Header.(*mailreader.InlineHeader).ContentType()
		parts[kind] = strings.ReplaceAll(string(body), "\r\n", "\n")
	}
}

func TestALetterSaysTheSameAsTextAndAsHTML(t *testing.T) {
	want := letter()
	header, parts := read(t, bytesOf(t, want))
	if parts["text/plain"] != want.Text || parts["text/html"] != want.HTML || len(parts) != 2 {
		t.Errorf("parts: %q", parts)
	}
	subject, _ := header.Subject()
	from, _ := header.AddressList("From")
	to, _ := header.AddressList("To")
	date, _ := header.Date()
	if subject != want.Subject || from[0].Name != "Acme Login" || from[0].Address != "login@acme.example" || to[0].Address != "ada@example.com" || !date.Equal(want.Date) {
		t.Errorf("subject %q, from %v, to %v, date %v", subject, from, to, date)
	}
	if kind, _, _ := header.ContentType(); kind != "multipart/alternative" || header.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("content type %s, Auto-Submitted %q", kind, header.Get("Auto-Submitted"))
	}
	if id, _ := header.MessageID(); id != want.ID+"@acme.example" {
		t.Errorf("Message-ID %q", id)
	}
}

func TestR80_TheSameLetterIsTheSameBytes(t *testing.T) {
	first, second := bytesOf(t, letter()), bytesOf(t, letter())
	if !bytes.Equal(first, second) {
		t.Error("two tries differ")
	}
	if other := letter(); true {
		other.ID = "0199aa10-7c11-7d1e-a000-0242ac120003"
		if bytes.Equal(first, bytesOf(t, other)) {
			t.Error("two letters are the same")
		}
	}
}

func TestALetterWithoutHTMLIsPlainText(t *testing.T) {
	e := letter()
	e.HTML = ""
	header, parts := read(t, bytesOf(t, e))
	if kind, _, _ := header.ContentType(); kind != "text/plain" || parts["text/plain"] != e.Text {
		t.Errorf("%s: %q", kind, parts)
	}
}

// hostile is what people could type into a name.
var hostile = []string{
	"x\r\nBcc: eve@evil.example", "x\nBcc: eve@evil.example", "x\rBcc: eve@evil.example", "x\r\n\r\n<script>alert(1)</script>",
	"x\x00y\u2028z\u0085w", "=?utf-8?q?x=0D=0ABcc:_eve@evil.example?=", `"<eve@evil.example>, `, strings.Repeat("ö", 2000), strings.Repeat("a", 2000), "\xff\xfe",
}

func TestR81_NothingInASubjectStartsANewHeader(t *testing.T) {
	for _, text := range hostile {
		e := letter()
		e.Subject = "Set up " + text
		checkOnlyOurHeaders(t, e)
	}
}

func TestR81_NothingInANameStartsANewHeaderOrAddsAReader(t *testing.T) {
	for _, text := range hostile {
		e := letter()
		e.From, e.To = text+" <login@acme.example>", text+" <ada@example.com>"
		if _, err := message(e); err != nil {
			if !IsPermanent(err) {
				t.Errorf("%q: %v is not permanent", text, err)
			}
			continue
		}
		checkOnlyOurHeaders(t, e)
	}
}

func checkOnlyOurHeaders(t *testing.T, e Envelope) {
	t.Helper()
	raw := bytesOf(t, e)
	header, parts := read(t, raw)
	if to, err := header.AddressList("To"); err != nil || len(to) != 1 || to[0].Address != "ada@example.com" {
		t.Errorf("%.40q: recipients %v, %v", e.Subject+e.To, to, err)
	}
	known := "Auto-Submitted Content-Type Date From Message-Id Mime-Version Subject To X-Auto-Response-Suppress"
	for fields := header.Fields(); fields.Next(); {
		if !strings.Contains(known, fields.Key()) {
			t.Errorf("%.40q: unexpected header %s", e.Subject+e.To, fields.Key())
		}
	}
	if subject, _ := header.Subject(); strings.ContainsAny(subject, "\r\n\x00\u0085\u2028") {
		t.Errorf("subject with control characters: %q", subject)
	}
	if parts["text/plain"] != e.Text {
		t.Errorf("%.40q: the text has changed", e.Subject+e.To)
	}
	for line := range bytes.Lines(raw) {
		if len(line) > 1000 { // RFC 5322 section 2.1.1
			t.Errorf("%.40q: line of %d bytes", e.Subject+e.To, len(line))
		}
	}
}

func TestR81_AnAddressIsOneAddressOrTheLetterIsRefused(t *testing.T) {
	for _, address := range []string{
		"", "ada", "ada@example.com, eve@evil.example", "ada@example.com\r\nBcc: eve@evil.example", "ada@example.com\r\n eve@evil.example",
		`"ada eve"@example.com`, `"ada@evil.example>"@example.com`, "ada@example.com\x00", "<ada@example.com>\nRCPT TO:<eve@evil.example>", "Friends: ada@example.com, eve@evil.example;",
	} {
		e := letter()
		e.To = address
		if _, err := message(e); !IsPermanent(err) {
			t.Errorf("to %q: %v", address, err)
		}
		e = letter()
		e.From = address
		if _, err := message(e); !IsPermanent(err) || CheckSender(address) == nil {
			t.Errorf("from %q: %v", address, err)
		}
	}
	if err := CheckSender("Größe & Söhne <login@acme.example>"); err != nil {
		t.Error(err)
	}
}

func TestALetterWithoutDateOrPlainIDIsRefused(t *testing.T) {
	for _, id := range []string{"", "a b", "../x", ".hidden", "x>\r\nBcc: eve@evil.example", "x@y", strings.Repeat("x", 65)} {
		e := letter()
		e.ID = id
		if _, err := message(e); !IsPermanent(err) {
			t.Errorf("ID %q: %v", id, err)
		}
	}
	e := letter()
	e.Date = time.Time{}
	if _, err := message(e); !IsPermanent(err) {
		t.Errorf("no date: %v", err)
	}
}

func FuzzMessagesHaveOneReaderAndOurHeaders(f *testing.F) {
	for _, text := range hostile {
		f.Add(text, text, text)
	}
	f.Fuzz(func(t *testing.T, subject, name, text string) {
		e := letter()
		e.Subject, e.To, e.Text, e.HTML = subject, name+" <ada@example.com>", "fixed", text
		if m, err := message(e); err != nil || m == nil {
			return
		}
		header, _ := read(t, bytesOf(t, e))
		to, err := header.AddressList("To")
		if err != nil || len(to) != 1 || to[0].Address != "ada@example.com" || header.Has("Bcc") {
			t.Errorf("recipients %v, %v", to, err)
		}
	})
}
