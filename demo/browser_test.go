package demo

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// newProduct runs a CMS against the provider and returns its address.
func newProduct(t *testing.T, p *otherParty, change func(*ClientConfig)) string {
	t.Helper()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	cfg := ClientConfig{
		Title: "Rich Media CMS", Look: CMS, Issuer: p.URL, ClientID: "cms", ClientSecret: "s3cret",
		BaseURL:  server.URL,
		Accounts: []Account{{"acme", "Acme Media"}, {"globex", "Globex Works"}},
		Now:      func() time.Time { return start },
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if handler, err = NewClient(cfg); err != nil {
		t.Fatal(err)
	}
	return server.URL
}

// browser keeps cookies and follows redirects, as a person's browser does.
type browser struct {
	t *testing.T
	*http.Client
}

func newBrowser(t *testing.T) browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return browser{t, &http.Client{Jar: jar}}
}

// stopping returns the same browser, but one that shows redirects instead of following.
func (b browser) stopping() browser {
	return browser{b.t, &http.Client{Jar: b.Jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
}

func (b browser) open(address string) page {
	b.t.Helper()
	response, err := b.Get(address)
	return b.read(response, err)
}

func (b browser) post(address string, form url.Values) page {
	b.t.Helper()
	response, err := b.PostForm(address, form)
	return b.read(response, err)
}

func (b browser) read(response *http.Response, err error) page {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	var body strings.Builder
	if err := response.Write(&body); err != nil {
		b.t.Fatal(err)
	}
	_, text, _ := strings.Cut(body.String(), "\r\n\r\n")
	return page{b.t, response, text}
}

// page is what the browser shows.
type page struct {
	t *testing.T
	*http.Response
	text string
}

// byID returns the text of the element with this id, with spaces folded, and whether it
// is there at all.
func (p page) byID(id string) (string, bool) {
	root, err := html.Parse(strings.NewReader(p.text))
	if err != nil {
		p.t.Fatal(err)
	}
	for node := range root.Descendants() {
		for _, attribute := range node.Attr {
			if attribute.Key == "id" && attribute.Val == id {
				return strings.Join(strings.Fields(textOf(node)), " "), true
			}
		}
	}
	return "", false
}

func textOf(node *html.Node) string {
	var text strings.Builder
	for below := range node.Descendants() {
		if below.Type == html.TextNode {
			text.WriteString(below.Data)
		}
	}
	return text.String()
}

func (p page) wants(id, text string) {
	p.t.Helper()
	if got, _ := p.byID(id); got != text {
		p.t.Errorf("#%s shows %q, want %q", id, got, text)
	}
}

// refuses asserts an error of this code on the page.
func (p page) refuses(code string) {
	p.t.Helper()
	if got, ok := p.byID("error"); !ok || !strings.HasSuffix(got, " "+code) {
		p.t.Errorf("#error shows %q, want it to end in the code %s", got, code)
	}
}

func (p page) loggedIn(want bool) {
	p.t.Helper()
	if _, in := p.byID("logout"); in != want {
		p.t.Errorf("logged in: %v, want %v", in, want)
	}
}
