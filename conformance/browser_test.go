package conformance

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// browser is a person's browser: cookies, redirects, forms. It stops where a client takes over.
type browser struct {
	http  *http.Client
	stops []string // prefixes of the clients' own addresses, which nobody serves
}

func newBrowser(stops ...string) *browser {
	jar, err := cookiejar.New(nil)
	stop(err)
	return &browser{stops: stops, http: &http.Client{
		Jar: jar, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// stopped ends a module in the middle: there is nothing to go on with.
type stopped struct{ error }

func stop(err error) {
	if err != nil {
		panic(stopped{err})
	}
}

// landing is where a walk ended: a page of the provider's, or a client.
type landing struct {
	at     *url.URL
	status int
	header http.Header
	body   string
	client bool       // the browser has arrived at a client
	posted bool       // by a form that a page holds
	fields url.Values // what it brought along
}

// open follows a link.
func (b *browser) open(link string) landing {
	r, err := http.NewRequest(http.MethodGet, link, nil)
	stop(err)
	return b.walk(r)
}

// post sends a form.
func (b *browser) post(link string, fields url.Values) landing {
	r, err := http.NewRequest(http.MethodPost, link, strings.NewReader(fields.Encode()))
	stop(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", r.URL.Scheme+"://"+r.URL.Host)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.walk(r)
}

// walk follows redirects until a page or a client is reached.
func (b *browser) walk(r *http.Request) landing {
	for range 20 {
		r.Header.Set("Accept", "text/html") // as browsers say: mod_auth_openidc sends nobody else to a login
		answer, err := b.http.Do(r)
		stop(err)
		body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
		answer.Body.Close()
		stop(err)
		l := landing{at: r.URL, status: answer.StatusCode, header: answer.Header, body: string(body)}
		to, err := answer.Location()
		if err != nil {
			return b.formPost(l)
		}
		if b.stopsAt(to) {
			l.at, l.client, l.fields = to, true, to.Query()
			return l
		}
		r, err = http.NewRequest(http.MethodGet, to.String(), nil)
		stop(err)
	}
	stop(fmt.Errorf("too many redirects, the last to %s", r.URL))
	return landing{}
}

func (b *browser) stopsAt(u *url.URL) bool {
	for _, prefix := range b.stops {
		if strings.HasPrefix(u.String(), prefix) {
			return true
		}
	}
	return false
}

// formPost recognises a page that hands an answer over to a client by a form (OAuth 2.0 Form Post Response Mode).
func (b *browser) formPost(l landing) landing {
	for _, f := range formsIn(l.body) {
		action, err := l.at.Parse(f.action)
		if err == nil && b.stopsAt(action) && strings.EqualFold(f.method, "post") && (f.enctype == "" || f.enctype == "application/x-www-form-urlencoded") {
			l.at, l.client, l.posted, l.fields = action, true, true, f.fields
			return l
		}
	}
	return l
}

// form is one form of a page.
type form struct {
	action, method, enctype string
	fields                  url.Values // with the values they came with
}

func formsIn(page string) (found []form) {
	byID := map[string]int{}
	tree, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return nil
	}
	for n := range tree.Descendants() {
		if n.Type != html.ElementNode || n.Data != "form" {
			continue
		}
		f := form{action: attribute(n, "action"), method: attribute(n, "method"), enctype: attribute(n, "enctype"), fields: url.Values{}}
		for field := range n.Descendants() {
			if name := attribute(field, "name"); field.Type == html.ElementNode && name != "" && (field.Data == "input" || field.Data == "button") {
				f.fields.Add(name, attribute(field, "value"))
			}
		}
		if id := attribute(n, "id"); id != "" {
			byID[id] = len(found)
		}
		found = append(found, f)
	}
	for n := range tree.Descendants() { // a button may stand outside of its form
		if i, ok := byID[attribute(n, "form")]; ok && n.Data == "button" && attribute(n, "name") != "" {
			found[i].fields.Set(attribute(n, "name"), attribute(n, "value"))
		}
	}
	return found
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// finish fills in whatever form a page asks a person to fill in, until a client is reached or nothing is left to do. typed
// is what the person knows, by the names of the fields.
func (b *browser) finish(l landing, typed map[string]string) landing {
	for range 6 {
		if l.client {
			return l
		}
		f, found := fillable(l.body, typed)
		if !found {
			return l
		}
		action, err := l.at.Parse(f.action)
		stop(err)
		l = b.post(action.String(), f.fields)
	}
	return l
}

// fillable returns the first form that asks for something the person knows or, failing that, for a mere yes.
func fillable(page string, typed map[string]string) (form, bool) {
	forms := formsIn(page)
	for _, f := range forms {
		known := false
		for name := range f.fields {
			if value, ok := typed[name]; ok {
				f.fields.Set(name, value)
				known = true
			}
		}
		if known && strings.EqualFold(f.method, "post") {
			f.fields.Del("remember")
			return f, true
		}
	}
	for _, f := range forms {
		if strings.EqualFold(f.method, "post") && f.fields.Get("prompt") == "consent" { // the independent provider asks for consent
			return f, true
		}
	}
	return form{}, false
}
