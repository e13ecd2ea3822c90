package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/templates"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

const (
	rivals = 64
	rounds = 20
)

// told is what a rival was answered.
type told struct {
	status       int
	Error        string `json:"error"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

// crowd posts the same form many times at once.
type crowd struct {
	*http.Client
	doors []string // of the replicas, in turn
}

// newCrowd stands before a provider, and on PostgreSQL before two replicas of it.
func newCrowd(p *vestibuletest.Provider) crowd {
	c := crowd{&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: rivals}}, []string{p.URL}}
	if p.DB.Engine() == "postgres" {
		c.doors = append(c.doors, p.Replica())
	}
	return c
}

func (c crowd) post(t *testing.T, i int, form url.Values, authorization string) (answer told) {
	r, err := http.NewRequest(http.MethodPost, c.doors[i%len(c.doors)]+"/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Error(err)
		return answer
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if name, value, ok := strings.Cut(authorization, ": "); ok {
		r.Header.Set(name, value)
	}
	response, err := c.Do(r)
	if err != nil {
		t.Error(err)
		return answer
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil {
		err = json.Unmarshal(body, &answer)
	}
	if err != nil {
		t.Errorf("%d %q: %v", response.StatusCode, body, err)
	}
	answer.status = response.StatusCode
	return answer
}

// rush lets n rivals go at the same moment.
func rush[T any](n int, do func(i int) T) []T {
	results, start := make([]T, n), make(chan struct{})
	var running sync.WaitGroup
	for i := range n {
		running.Go(func() {
			<-start
			results[i] = do(i)
		})
	}
	close(start)
	running.Wait()
	return results
}

// winner is the one rival that got tokens; all others must hear invalid_grant.
func winner(t *testing.T, all []told) (won told) {
	t.Helper()
	winners := 0
	for _, a := range all {
		switch {
		case a.status == http.StatusOK && a.AccessToken != "":
			winners++
			won = a
		case a.status != http.StatusBadRequest || a.Error != "invalid_grant" || a.AccessToken+a.RefreshToken != "":
			t.Errorf("a loser was told %+v", a)
		}
	}
	if winners != 1 {
		t.Errorf("%d of %d won", winners, len(all))
	}
	return won
}

func TestR58_OfManyRedemptionsOfACodeOneWins(t *testing.T) {
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		cms, b, c := p.RelyingParty("cms", vestibuletest.CMSSecret), p.Browser(), newCrowd(p)
		intoGlobex(t, cms, b)
		for range rounds {
			l := cms.Login("account", "globex")
			code := b.Open(l.URL).Query("code")
			form := url.Values{
				"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {vestibuletest.RedirectURI}, "code_verifier": {l.Verifier},
			}
			winner(t, rush(rivals, func(i int) told { return c.post(t, i, form, basic("cms", vestibuletest.CMSSecret)) }))
		}
	})
}

func TestR62_OfManyRotationsOfARefreshTokenOneWins(t *testing.T) {
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		app, b, c := p.RelyingParty("app", ""), p.Browser(), newCrowd(p)
		token := intoGlobex(t, app, b).RefreshToken
		for range rounds {
			form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {"app"}}
			// Inside the ten seconds of grace the losers do not end the family: the next round goes on.
			token = winner(t, rush(rivals, func(i int) told { return c.post(t, i, form, "") })).RefreshToken
		}
	})
}

func TestR9_OfTwoBrowsersWithTheSameCodeOneWins(t *testing.T) {
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		cms, c := p.RelyingParty("cms", vestibuletest.CMSSecret), newCrowd(p)
		for range 5 {
			const browsers = 2
			var bs [browsers]*vestibuletest.Browser
			var pages [browsers]vestibuletest.Page
			for i := range bs {
				bs[i] = p.Browser()
				pages[i] = bs[i].SignIn(cms.Login("account", "acme"), vestibuletest.Ada, vestibuletest.AdaPassword)
			}
			code := p.NextCode(vestibuletest.AdaKey)
			backs := 0
			for _, back := range rush(browsers, func(i int) bool {
				// The second one enters it at the other replica; cookies do not know ports.
				action := c.doors[i%len(c.doors)] + pages[i].URL.RequestURI()
				page := bs[i].Submit(action, templates.FieldCode, code)
				if page.Status >= 500 {
					t.Errorf("the code in parallel: %d", page.Status)
				}
				return page.Back() || bs[i].Open(pages[i].URL.String()).Back()
			}) {
				if back {
					backs++
				}
			}
			if backs != 1 {
				t.Errorf("%d browsers got in with the same code", backs)
			}
			p.Clock.Advance(time.Minute) // an address has only so many logins in one
		}
	})
}

func TestR22_OfManyBrowsersWithTheSameLinkOneSeesTheQRCode(t *testing.T) {
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		const browsers = 16
		c := newCrowd(p)
		link := p.Mail.WaitFor(t, vestibuletest.Ben, "Set up").Links()[0]
		shown := 0
		for _, page := range rush(browsers, func(i int) vestibuletest.Page {
			b := p.Browser()
			b.Open(link)
			b.Submit(c.doors[i%len(c.doors)]+"/enroll", templates.FieldPassword, vestibuletest.BenPassword)
			return b.Open("/enroll")
		}) {
			if strings.Contains(page.Body, "secret=") {
				shown++
			}
			if page.Status >= 500 {
				t.Errorf("the link in parallel: %d", page.Status)
			}
		}
		if shown != 1 {
			t.Errorf("%d browsers saw a QR code", shown)
		}
	})
}
