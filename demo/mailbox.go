package demo

import (
	"cmp"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

const (
	// mostLetters is how many letters the list shows.
	mostLetters = 200
	// longestLetter is how much of one file is read; a letter is a few kilobytes.
	longestLetter = 1 << 20
)

// mailbox shows the .eml files of one folder.
type mailbox struct {
	dir string
	log *slog.Logger
}

// NewMailbox returns a page that shows the letters in dir, one .eml file each, newest
// first. The folder may appear later, and anything in it may be broken or hostile: what
// cannot be read is shown as such, and nothing outside of dir is ever opened. log may be
// nil. It is a tool for development: whoever reaches it reads everybody's mail.
func NewMailbox(dir string, log *slog.Logger) http.Handler {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	m := &mailbox{dir: dir, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", m.showList)
	mux.HandleFunc("GET /letters/{name}", m.showLetter)
	mux.HandleFunc("GET /letters/{name}/html", m.showHTML)
	mux.Handle("GET /assets/", assets())
	return mailboxHeaders(mux)
}

// mailboxHeaders sets what every page of the mailbox carries; the HTML part of a letter
// replaces the policy with a stricter one.
func mailboxHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; "+
			"frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		// Letters hold one-time links; the pages they lead to need not know where from.
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// listPage is the list of letters.
type listPage struct {
	Stylesheet, Icon string
	To               string // the filter, or empty
	Letters          []listRow
}

type listRow struct {
	Path, To, Subject, Date string
}

// letterPage is one letter.
type letterPage struct {
	Stylesheet, Icon        string
	From, To, Subject, Date string
	Unreadable              bool
	Text                    []textPiece
	HTMLPath                string // empty without an HTML part
	BackPath                string
}

// showList opens every letter again each time; a demo has dozens, not thousands.
func (m *mailbox) showList(w http.ResponseWriter, r *http.Request) {
	to := strings.TrimSpace(r.URL.Query().Get("to"))
	drawn := listPage{Stylesheet: assetPath("mailbox.css"), Icon: assetPath("mailbox.svg"), To: to}
	for _, file := range m.newestFirst() {
		if len(drawn.Letters) == mostLetters {
			break
		}
		letter, ok := m.open(file.name)
		if !ok || !letter.addressedTo(to) {
			continue
		}
		drawn.Letters = append(drawn.Letters, listRow{
			Path: letterPath(file.name), To: strings.Join(letter.To, ", "),
			Subject: letter.subject(), Date: dateOf(letter, file.arrived),
		})
	}
	draw(w, m.log, "mailbox.html", http.StatusOK, drawn)
}

// showLetter shows the text part first: its links can be clicked without trusting any markup.
func (m *mailbox) showLetter(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	letter, ok := m.open(name)
	if !ok {
		http.Error(w, "There is no such letter. It may have been deleted; go back to the list.", http.StatusNotFound)
		return
	}
	drawn := letterPage{
		Stylesheet: assetPath("mailbox.css"), Icon: assetPath("mailbox.svg"),
		From: letter.From, To: strings.Join(letter.To, ", "), Subject: letter.subject(),
		Date: dateOf(letter, time.Time{}), Unreadable: letter.Unreadable,
		Text: splitLinks(letter.Text), BackPath: "/",
	}
	if letter.HTML != "" {
		drawn.HTMLPath = letterPath(name) + "/html"
	}
	if len(letter.To) == 1 {
		drawn.BackPath = "/?to=" + url.QueryEscape(letter.To[0])
	}
	draw(w, m.log, "letter.html", http.StatusOK, drawn)
}

// showHTML serves the HTML part as a document of its own that can do nothing: no script,
// no form, nothing loaded from anywhere. Only a click may take the whole window along,
// which is what <base> does for the links.
func (m *mailbox) showHTML(w http.ResponseWriter, r *http.Request) {
	letter, ok := m.open(r.PathValue("name"))
	if !ok || letter.HTML == "" {
		http.Error(w, "This letter has no HTML part.", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Security-Policy", "sandbox allow-top-navigation-by-user-activation; "+
		"default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// The reader has gone when this fails.
	_, _ = w.Write([]byte(`<base target="_top">` + letter.HTML))
}

// letterFile is one candidate in the folder.
type letterFile struct {
	name    string
	arrived time.Time
}

// newestFirst lists the letters by arrival. The date inside a letter is only shown: it
// comes from a clock that tests move.
func (m *mailbox) newestFirst() []letterFile {
	entries, err := os.ReadDir(m.dir)
	if err != nil {
		m.log.Debug("mail folder not readable", "error", err)
		return nil
	}
	var files []letterFile
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !isLetter(info) {
			continue
		}
		files = append(files, letterFile{entry.Name(), info.ModTime()})
	}
	slices.SortFunc(files, func(a, b letterFile) int {
		return cmp.Or(b.arrived.Compare(a.arrived), strings.Compare(b.name, a.name))
	})
	return files
}

// isLetter leaves out folders, links and pipes: a link leads out of the folder, and
// opening a pipe waits for ever.
func isLetter(info fs.FileInfo) bool {
	return info.Mode().IsRegular() && strings.HasSuffix(info.Name(), ".eml")
}

// open reads one letter by file name. The root keeps names with .. and links inside.
func (m *mailbox) open(name string) (letter, bool) {
	root, err := os.OpenRoot(m.dir)
	if err != nil {
		return letter{}, false
	}
	defer root.Close()
	info, err := root.Lstat(name)
	if err != nil || !isLetter(info) || strings.ContainsRune(name, os.PathSeparator) {
		return letter{}, false
	}
	file, err := root.Open(name)
	if err != nil {
		return letter{}, false
	}
	defer file.Close()
	return readLetter(file), true
}

// letterPath escapes file names, which may hold anything but a slash.
func letterPath(name string) string { return "/letters/" + url.PathEscape(name) }

// dateOf is the letter's own date, or when it arrived if it has none.
func dateOf(l letter, otherwise time.Time) string {
	if l.Date.IsZero() {
		return clock(otherwise)
	}
	return clock(l.Date)
}
