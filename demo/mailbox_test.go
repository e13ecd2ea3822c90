package demo

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/html"
)

const setupLetter = "From: Vestibule <no-reply@example.com>\r\n" +
	"To: =?utf-8?q?Ad=C3=A0_Park?= <ada@example.com>\r\n" +
	"Subject: =?utf-8?q?Set_up_two-factor_authentication_for_Acme_=E2=80=93_M=C3=A9dia?=\r\n" +
	"Date: Sun, 01 Mar 2026 13:30:00 +0100\r\n" +
	"MIME-Version: 1.0\r\n" +
	"Content-Type: multipart/alternative; boundary=b1\r\n\r\n" +
	"--b1\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
	"Hello Ad=C3=A0,\r\n\r\nopen http://localhost:8080/enroll?token=3DAbC-_9&x=3D1. Or read\r\n(https://example.com/help).\r\n" +
	"<script>alert(1)</script>\r\n" +
	"--b1\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
	"PHA+SGVsbG8gPGEgaHJlZj0iaHR0cDovL2xvY2FsaG9zdDo4MDgwL2Vucm9sbCI+QWTDoDwvYT48L3A+\r\n" +
	"--b1--\r\n"

const latinLetter = "To: grace@example.com\r\nSubject: =?iso-8859-1?q?Gr=FC=DFe?=\r\n" +
	"Content-Type: text/plain; charset=iso-8859-1\r\n\r\nGr\xfc\xdfe\r\n"

// newMailbox fills a folder with files, the first one oldest, and serves it.
func newMailbox(t *testing.T, files ...[2]string) (address, dir string) {
	t.Helper()
	dir = t.TempDir()
	for i, file := range files {
		path := filepath.Join(dir, file[0])
		if err := os.WriteFile(path, []byte(file[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		arrived := start.Add(time.Duration(i) * time.Second)
		if err := os.Chtimes(path, arrived, arrived); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(NewMailbox(dir, nil))
	t.Cleanup(server.Close)
	return server.URL, dir
}

// attributes returns the values of one attribute on the elements of one kind, in order.
func (p page) attributes(element, name string) []string {
	root, err := html.Parse(strings.NewReader(p.text))
	if err != nil {
		p.t.Fatal(err)
	}
	var found []string
	for node := range root.Descendants() {
		for _, attribute := range node.Attr {
			if node.Data == element && attribute.Key == name {
				found = append(found, attribute.Val)
			}
		}
	}
	return found
}

func TestTheMailboxListsLettersNewestFirst(t *testing.T) {
	box, _ := newMailbox(t, [2]string{"z-old.eml", setupLetter}, [2]string{"a-new.eml", latinLetter})
	shown := newBrowser(t).open(box + "/")
	if got := shown.attributes("li", "data-to"); len(got) != 2 || got[0] != "grace@example.com" || got[1] != "ada@example.com" {
		t.Errorf("rows %q", got)
	}
	for _, text := range []string{"Set up two-factor authentication for Acme – Média", "Grüße", "2026-03-01 12:30:00 UTC"} {
		if !strings.Contains(shown.text, text) {
			t.Errorf("%q is not in the list", text)
		}
	}
	if got := shown.attributes("meta", "http-equiv"); len(got) != 1 || got[0] != "refresh" {
		t.Errorf("the list does not refresh itself: %q", got)
	}
}

func TestTheMailboxCanShowOnePersonsLetters(t *testing.T) {
	box, _ := newMailbox(t, [2]string{"1.eml", setupLetter}, [2]string{"2.eml", latinLetter})
	shown := newBrowser(t).open(box + "/?to=ADA%40example.com")
	if got := shown.attributes("li", "data-to"); len(got) != 1 || got[0] != "ada@example.com" {
		t.Errorf("rows %q", got)
	}
}

func TestALetterHasClickableLinks(t *testing.T) {
	box, _ := newMailbox(t, [2]string{"1.eml", setupLetter})
	shown := newBrowser(t).open(box + "/letters/1.eml")
	shown.wants("subject", "Set up two-factor authentication for Acme – Média")
	shown.wants("to", "ada@example.com")
	shown.wants("text", "Hello Adà, open http://localhost:8080/enroll?token=AbC-_9&x=1. Or read (https://example.com/help). <script>alert(1)</script>")
	links := shown.attributes("a", "href")
	if len(links) != 3 || links[1] != "http://localhost:8080/enroll?token=AbC-_9&x=1" || links[2] != "https://example.com/help" {
		t.Errorf("links %q", links)
	}
	if got := shown.attributes("a", "class"); len(got) != 2 || got[0] != "letter-link" {
		t.Errorf("classes %q", got)
	}
	if strings.Contains(shown.text, "<script>") || len(shown.attributes("meta", "http-equiv")) != 0 {
		t.Error("the letter's markup is on the page, or the page reloads while one reads")
	}
}

func TestAnotherCharsetIsReadable(t *testing.T) {
	box, _ := newMailbox(t, [2]string{"1.eml", latinLetter})
	newBrowser(t).open(box+"/letters/1.eml").wants("text", "Grüße")
}

func TestTheHTMLPartIsShownInASandbox(t *testing.T) {
	box, _ := newMailbox(t, [2]string{"1.eml", setupLetter}, [2]string{"2.eml", latinLetter})
	reader := newBrowser(t)
	outer := reader.open(box + "/letters/1.eml")
	if got := outer.attributes("iframe", "src"); len(got) != 1 || got[0] != "/letters/1.eml/html" {
		t.Fatalf("iframe %q", got)
	}
	if got := outer.attributes("iframe", "sandbox"); len(got) != 1 || strings.Contains(got[0], "script") || strings.Contains(got[0], "same-origin") {
		t.Errorf("sandbox %q", got)
	}
	part := reader.open(box + "/letters/1.eml/html")
	policy := part.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "sandbox ") || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "script") {
		t.Errorf("policy %q", policy)
	}
	if !strings.Contains(part.text, ">Adà</a>") {
		t.Errorf("part %q", part.text)
	}
	if got := reader.open(box+"/letters/2.eml").attributes("iframe", "src"); len(got) != 0 {
		t.Errorf("a letter without HTML part has an iframe: %q", got)
	}
	if got := reader.open(box + "/letters/2.eml/html"); got.StatusCode != http.StatusNotFound {
		t.Errorf("a letter without HTML part: %d", got.StatusCode)
	}
}

func TestHostileFileNamesAreJustNames(t *testing.T) {
	names := []string{
		`<script>alert(1)</script>.eml`, `"><img src=x>.eml`, "a b?c#d%2e%2f.eml", "..eml", "....eml", `..\x.eml`,
		"\xff\xfe.eml", "line\nbreak.eml", "javascript:alert(1).eml", "{{.}}.eml", "\u202e.eml",
	}
	// "<script>…</script>.eml" holds a slash, which no file name can.
	names[0] = `<script>alert(1).eml`
	var files [][2]string
	for _, name := range names {
		files = append(files, [2]string{name, latinLetter})
	}
	box, _ := newMailbox(t, files...)
	reader := newBrowser(t)
	list := reader.open(box + "/")
	if strings.Contains(list.text, "<script>") || strings.Contains(list.text, "<img src=x") {
		t.Error("a file name is markup")
	}
	opened := 0
	for _, path := range list.attributes("a", "href") {
		if !strings.HasPrefix(path, "/letters/") {
			continue
		}
		opened++
		shown := reader.open(box + path)
		if shown.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", path, shown.StatusCode)
		}
		shown.wants("text", "Grüße")
	}
	if opened != len(names) {
		t.Errorf("%d of %d letters can be opened", opened, len(names))
	}
}

func TestNothingOutsideTheFolderIsShown(t *testing.T) {
	box, dir := newMailbox(t, [2]string{"1.eml", latinLetter}, [2]string{"notes.txt", latinLetter})
	outside := filepath.Join(t.TempDir(), "secret.eml")
	must(t, os.WriteFile(outside, []byte(latinLetter), 0o600))
	must(t, os.Symlink(outside, filepath.Join(dir, "link.eml")))
	must(t, os.Mkdir(filepath.Join(dir, "folder.eml"), 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "folder.eml", "in.eml"), []byte(latinLetter), 0o600))
	must(t, syscall.Mkfifo(filepath.Join(dir, "pipe.eml"), 0o600))
	reader := newBrowser(t)
	if got := reader.open(box+"/").attributes("li", "data-to"); len(got) != 1 {
		t.Errorf("%d rows", len(got))
	}
	up := strings.Repeat("../", 10) + strings.TrimPrefix(outside, "/")
	for _, name := range []string{"link.eml", "notes.txt", "folder.eml", "folder.eml/in.eml", "pipe.eml", outside, up, ".", "", "\x00.eml", "none.eml", strings.Repeat("a", 5000) + ".eml"} {
		for _, end := range []string{"", "/html"} {
			if got := reader.open(box + "/letters/" + url.PathEscape(name) + end); got.StatusCode != http.StatusNotFound {
				t.Errorf("%.60q%s: status %d", name, end, got.StatusCode)
			}
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestBrokenFilesAreShownAsFarAsTheyGo(t *testing.T) {
	nested := strings.Repeat("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", 2000)
	for name, content := range map[string]string{
		"empty":             "",
		"binary":            "\x00\x01\xff\xfe\x80",
		"no header end":     "Subject: cut",
		"no blank line":     strings.Repeat("x", 1<<20),
		"unknown charset":   "To: a@example.com\r\nContent-Type: text/plain; charset=klingon\r\n\r\nHello",
		"unknown encoding":  "To: a@example.com\r\nContent-Transfer-Encoding: rot13\r\n\r\nHello",
		"broken type":       "To: a@example.com\r\nContent-Type: ;;;\r\n\r\nHello",
		"broken to":         "To: <<<>>>\r\nSubject: =?utf-8?q?=ZZ?=\r\nDate: tomorrow\r\n\r\nHello",
		"boundary missing":  "Content-Type: multipart/alternative\r\n\r\nHello",
		"cut in the middle": setupLetter[:len(setupLetter)/2],
		"deep":              nested,
		"bad base64":        "Content-Transfer-Encoding: base64\r\n\r\n!!!!",
		"header injection":  "To: a@example.com\r\nSubject: a\rb\r\n\r\nHello",
	} {
		t.Run(name, func(t *testing.T) {
			box, _ := newMailbox(t, [2]string{"odd.eml", content}, [2]string{"good.eml", latinLetter})
			reader := newBrowser(t)
			list := reader.open(box + "/")
			if list.StatusCode != http.StatusOK || len(list.attributes("li", "data-to")) != 2 {
				t.Errorf("list: status %d", list.StatusCode)
			}
			if got := reader.open(box + "/letters/odd.eml"); got.StatusCode != http.StatusOK {
				t.Errorf("letter: status %d", got.StatusCode)
			}
		})
	}
}

func TestAFolderThatDoesNotExistYetIsAnEmptyMailbox(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "later")
	server := httptest.NewServer(NewMailbox(dir, nil))
	defer server.Close()
	reader := newBrowser(t)
	if _, empty := reader.open(server.URL + "/").byID("empty"); !empty {
		t.Error("the empty mailbox does not say so")
	}
	must(t, os.Mkdir(dir, 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "1.eml"), []byte(latinLetter), 0o600))
	if got := reader.open(server.URL+"/").attributes("li", "data-to"); len(got) != 1 {
		t.Errorf("rows %q", got)
	}
}

func FuzzALetterIsReadWhateverItIs(f *testing.F) {
	f.Add(setupLetter)
	f.Add(latinLetter)
	f.Fuzz(func(t *testing.T, content string) {
		read := readLetter(strings.NewReader(content))
		var whole strings.Builder
		for _, piece := range splitLinks(read.Text) {
			whole.WriteString(piece.Text)
			if piece.URL != "" && !strings.HasPrefix(piece.URL, "http") {
				t.Errorf("a link to %q", piece.URL)
			}
		}
		if whole.String() != read.Text {
			t.Errorf("splitting changed the text: %q", whole.String())
		}
	})
}
