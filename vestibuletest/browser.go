package vestibuletest

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

// Browser is a person's browser without script: it keeps cookies, follows redirects within the provider, and
// stops where one leads to a relying party.
type Browser struct {
	*http.Client
	testing testing.TB
	home    string
}

// Page is what a browser shows.
type Page struct {
	URL    *url.URL
	Status int
	Body   string
	Header http.Header
}

// Browser returns a new browser.
func (p *Provider) Browser() *Browser {
	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(r.URL.String(), p.URL+"/") {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	return &Browser{Client: client, testing: p.testing, home: p.URL}
}

// Open follows a link. A path is below the provider.
func (b *Browser) Open(link string) Page {
	b.testing.Helper()
	r, err := http.NewRequest(http.MethodGet, b.absolute(link), nil)
	if err != nil {
		b.testing.Fatal(err)
	}
	return b.load(r)
}

// Submit posts fields, given in pairs, to a path or URL, as a form of the provider's own page would.
func (b *Browser) Submit(action string, fields ...string) Page {
	b.testing.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	r, err := http.NewRequest(http.MethodPost, b.absolute(action), strings.NewReader(form.Encode()))
	if err != nil {
		b.testing.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", b.home)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.load(r)
}

func (b *Browser) absolute(link string) string {
	if strings.HasPrefix(link, "/") {
		return b.home + link
	}
	return link
}

// load returns the page, or where a redirect out of the provider leads.
func (b *Browser) load(r *http.Request) Page {
	b.testing.Helper()
	response, err := b.Do(r)
	if err != nil {
		b.testing.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.testing.Fatal(err)
	}
	page := Page{URL: response.Request.URL, Status: response.StatusCode, Body: string(body), Header: response.Header}
	if to := response.Header.Get("Location"); to != "" {
		if page.URL, err = page.URL.Parse(to); err != nil {
			b.testing.Fatal(err)
		}
	}
	return page
}
