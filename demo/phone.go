package demo

import (
	"log/slog"
	"net/http"
	"time"
)

// Reader tells the code that an authenticator app with that key shows at a time. It fails for a
// text that is no key.
type Reader func(key string, at time.Time) (string, error)

// phone is an authenticator app on a page, for whoever has none at hand.
type phone struct {
	read   Reader
	people []Person
	log    *slog.Logger
}

// NewPhone returns a page that shows the codes of people whose keys are given, and of a key that is
// typed in. It keeps nothing. It is a tool for the demo: a real authenticator belongs on a device of
// its own.
func NewPhone(read Reader, people []Person, log *slog.Logger) http.Handler {
	p := &phone{read: read, people: people, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.show)
	mux.HandleFunc("POST /{$}", p.show)
	mux.Handle("GET /assets/", assets())
	return mailboxHeaders(mux)
}

// phonePage is what the phone shows.
type phonePage struct {
	Stylesheet, Icon string
	Cards            []phoneCard
	NotAKey          bool
}

type phoneCard struct {
	Owner, Code string
	Left        int // seconds until the next code
}

// show answers a key that was typed in as well: nothing is kept, so there is nothing to come back to.
func (p *phone) show(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	page := phonePage{Stylesheet: assetPath("mailbox.css"), Icon: assetPath("mailbox.svg")}
	if r.Method == http.MethodPost {
		r.Body = http.MaxBytesReader(w, r.Body, 4096)
		code, err := p.read(r.PostFormValue("key"), now)
		if page.NotAKey = err != nil; !page.NotAKey {
			page.Cards = append(page.Cards, phoneCard{"the key you typed", code, left(now)})
		}
	}
	for _, owner := range p.people {
		if code, err := p.read(owner.Key, now); owner.Key != "" && err == nil {
			page.Cards = append(page.Cards, phoneCard{owner.Email, code, left(now)})
		}
	}
	draw(w, p.log, "phone.html", http.StatusOK, page)
}

// left is how many seconds a code of 30 seconds still shows.
func left(now time.Time) int { return 30 - int(now.Unix()%30) }
