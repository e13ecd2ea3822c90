package login_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/vestibule-id/vestibule/identity"
)

// browser is a person in front of a browser: it keeps cookies, follows redirects within the house
// and sends the forms it is shown.
type browser struct {
	t    testing.TB
	base string
	jar  *cookiejar.Jar
	http *http.Client

	agent string // what it says of itself; empty: Go's own words
}

func (h *house) browser() *browser { return newBrowser(h.t, h.server.URL) }

func newBrowser(t testing.TB, base string) *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{t: t, base: base, jar: jar, http: &http.Client{Jar: jar}}
}

// screen is what the browser shows.
type screen struct {
	t      testing.TB
	url    *url.URL
	status int
	header http.Header
	body   string
	tree   *html.Node
}

func (b *browser) get(path string) screen {
	b.t.Helper()
	request, err := http.NewRequest(http.MethodGet, b.at(path), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(request)
}

func (b *browser) at(path string) string {
	if strings.HasPrefix(path, "/") {
		return b.base + path
	}
	return path
}

func (b *browser) post(path string, fields url.Values) screen {
	b.t.Helper()
	request, err := http.NewRequest(http.MethodPost, b.at(path), strings.NewReader(fields.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(request)
}

func (b *browser) do(request *http.Request) screen {
	b.t.Helper()
	if b.agent != "" {
		request.Header.Set("User-Agent", b.agent)
	}
	response, err := b.http.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	tree, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	return screen{b.t, response.Request.URL, response.StatusCode, response.Header, string(body), tree}
}

// send fills in fields of the form that has the first of them, and sends it.
func (b *browser) send(s screen, pairs ...string) screen {
	b.t.Helper()
	for _, form := range s.all("form") {
		if strings.Contains(rendered(form), `name="`+pairs[0]+`"`) {
			fields := url.Values{}
			for i := 0; i+1 < len(pairs); i += 2 {
				fields.Set(pairs[i], pairs[i+1])
			}
			return b.post(s.path(attribute(form, "action")), fields)
		}
	}
	b.t.Fatalf("%s: no form has %q: %s", s.url, pairs[0], text(s.tree))
	return s
}

// press sends the form whose button has these words.
func (b *browser) press(s screen, words string) screen {
	b.t.Helper()
	owner := "" // a button may stand outside of its form
	for _, button := range s.all("button") {
		if text(button) == words {
			owner = attribute(button, "form")
		}
	}
	for _, form := range s.all("form") {
		if owner == "" && strings.Contains(text(form), words) || owner != "" && attribute(form, "id") == owner {
			return b.post(s.path(attribute(form, "action")), nil)
		}
	}
	b.t.Fatalf("%s: no button says %q: %s", s.url, words, text(s.tree))
	return s
}

// follow opens the link with these words.
func (b *browser) follow(s screen, words string) screen {
	b.t.Helper()
	for _, link := range s.all("a") {
		if strings.Contains(text(link), words) {
			return b.get(s.path(attribute(link, "href")))
		}
	}
	b.t.Fatalf("%s: no link says %q: %s", s.url, words, text(s.tree))
	return s
}

// savesCodes goes on from the recovery codes, which are shown once.
func (b *browser) savesCodes(s screen) screen {
	b.t.Helper()
	if n := len(s.shows(200, "Recovery codes").codes()); n != identity.RecoveryCodeCount {
		b.t.Fatalf("%d recovery codes are shown", n)
	}
	return b.follow(s, "I have saved these codes")
}

// codes are the recovery codes on the screen.
func (s screen) codes() (codes []string) {
	for _, n := range s.all("code") {
		codes = append(codes, text(n))
	}
	return codes
}

// path is an address on the screen as the browser would open it.
func (s screen) path(reference string) string {
	u, err := s.url.Parse(reference)
	if err != nil {
		s.t.Fatal(err)
	}
	return u.String()
}

// cookie is the value of one of our cookies; empty: none.
func (b *browser) cookie(name string) string {
	u, _ := url.Parse(b.base)
	for _, c := range b.jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// plant puts a cookie into the browser, as an attacker would.
func (b *browser) plant(name, value string) {
	u, _ := url.Parse(b.base)
	b.jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

// logIn goes from the product to the answer of the password.
func (b *browser) logIn(query, email, password string) screen {
	b.t.Helper()
	return b.send(b.get("/authorize?"+query).shows(200, "Login"), "email", email, "password", password)
}

// shows wants a page with a status and a heading.
func (s screen) shows(status int, heading string) screen {
	s.t.Helper()
	if s.status != status || s.heading() != heading {
		s.t.Fatalf("%s shows %d %q, want %d %q\n%s", s.url, s.status, s.heading(), status, heading, text(s.tree))
	}
	return s
}

// asksCode wants the login page expanded.
func (s screen) asksCode(status int) screen {
	s.t.Helper()
	s.shows(status, "Login")
	if !strings.Contains(s.body, `name="code"`) || strings.Contains(s.body, `name="password"`) {
		s.t.Fatalf("%s does not ask for the code: %s", s.url, text(s.tree))
	}
	return s
}

// refuses wants the page's alert to say something.
func (s screen) refuses(words string) screen {
	s.t.Helper()
	if !strings.Contains(s.alert(), words) {
		s.t.Fatalf("the page says %q, want %q", s.alert(), words)
	}
	return s
}

// says wants the whole answer of the product.
func (s screen) says(words string) screen {
	s.t.Helper()
	if s.status != 200 || s.body != words {
		s.t.Fatalf("%s says %d %q, want %q", s.url, s.status, s.body, words)
	}
	return s
}

func (s screen) heading() string {
	for _, n := range s.all("h1") {
		return text(n)
	}
	return ""
}

func (s screen) alert() string {
	for n := range s.tree.Descendants() {
		if attribute(n, "role") == "alert" {
			return text(n)
		}
	}
	return ""
}

// value is what a field of the page is filled with.
func (s screen) value(field string) string {
	for _, n := range s.all("input") {
		if attribute(n, "id") == field {
			return attribute(n, "value")
		}
	}
	return ""
}

func (s screen) all(tag string) (found []*html.Node) {
	for n := range s.tree.Descendants() {
		if n.Type == html.ElementNode && n.Data == tag {
			found = append(found, n)
		}
	}
	return found
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var words []string
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			words = append(words, strings.Fields(d.Data)...)
		}
	}
	return strings.Join(words, " ")
}

func rendered(n *html.Node) string {
	var out strings.Builder
	html.Render(&out, n)
	return out.String()
}

// picture is the drawing inside the card: the QR code.
func (s screen) picture() *html.Node {
	s.t.Helper()
	for _, n := range s.all("div") {
		if attribute(n, "class") == "qr" {
			return n
		}
	}
	s.t.Fatalf("%s: no QR code: %s", s.url, text(s.tree))
	return nil
}
