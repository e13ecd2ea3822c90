package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/templates"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

func TestR38_FiftyTabsShareTwoCookies(t *testing.T) {
	t.Parallel()
	p := vestibuletest.Start(t, house)
	f := &fixture{stranger: newStranger(p), rp: p.RelyingParty("cms", vestibuletest.CMSSecret)}
	b := p.Browser()
	var logins []vestibuletest.Login
	var pages []vestibuletest.Page
	for range 50 {
		l, page := begun(f.rp, b, "globex")
		logins, pages = append(logins, l), append(pages, page)
	}
	if cookies := f.cookies(b); len(cookies) > 4096 || strings.Count(cookies, "=") > 1 {
		t.Errorf("after fifty tabs the browser sends %d bytes: %s", len(cookies), cookies)
	}
	last := b.Submit(pages[0].URL.String(), templates.FieldEmail, vestibuletest.Cleo, templates.FieldPassword, vestibuletest.CleoPassword)
	f.rp.Tokens(logins[0], last)
	for i := 1; i < 50; i++ {
		f.rp.Tokens(logins[i], b.Open(pages[i].URL.String()))
	}
	if cookies := f.cookies(b); len(cookies) > 4096 {
		t.Errorf("the browser sends %d bytes", len(cookies))
	}
}

func TestR98_TooMuchIsRefusedAndNotRead(t *testing.T) {
	t.Parallel()
	f := underAttack(t)
	b, request, _ := f.waiting("globex")
	cookies, cms := f.cookies(b), basic("cms", vestibuletest.CMSSecret)
	chunks := strings.Repeat(fmt.Sprintf("%x\r\n%s\r\n", 32<<10, strings.Repeat("a", 32<<10)), 4) + "0\r\n\r\n"
	deep := url.QueryEscape(strings.Repeat("[", 3000))
	for _, c := range []struct {
		name    string
		headers []string
		body    string
		wants   int
	}{
		{"ten megabytes", nil, strings.Repeat("a", 10<<20), 413},
		{"ten megabytes announced and not sent", []string{"Content-Length: 10485760"}, "", 413},
		{"chunks without end", []string{"Transfer-Encoding: chunked"}, chunks, 413},
		{"a compressed body", []string{"Content-Encoding: gzip"}, "\x1f\x8b\x08\x00\x00\x00\x00\x00", 415},
		{"headers of twenty kilobytes", []string{"X-Large: " + strings.Repeat("a", 30<<10)}, "a=b", 431},
		{"thirty thousand parameters", nil, strings.Repeat("&", 30000) + "a=1", 0},
		{"deep JSON", nil, "claims=" + deep, 0},
	} {
		for _, d := range []door{
			{"POST", "/login?request=" + request, []string{cookies}, nil, nil},
			{"POST", "/authorize", []string{cookies}, nil, nil},
			{"POST", "/token", []string{cms}, nil, nil},
			{"POST", "/introspect", []string{cms}, nil, nil},
			{"POST", "/end_session", nil, nil, nil},
		} {
			got := f.try(t, attempt{d.method, d.path, append(append([]string{formType}, d.headers...), c.headers...), c.body})
			if c.wants != 0 && got.status != c.wants || c.wants == 0 && got.status >= http.StatusInternalServerError {
				t.Errorf("%s to %s: %d instead of %d", c.name, d.path, got.status, c.wants)
			}
		}
	}
	if got := f.try(t, attempt{"GET", "/login?request=" + request, []string{cookies}, ""}); got.status != http.StatusOK {
		t.Errorf("and then the login page: %d", got.status)
	}
}
