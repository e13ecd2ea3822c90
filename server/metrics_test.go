package server_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/vestibuletest"
	"github.com/vestibule-id/vestibule/vestibuletest/smtp"
)

// scraped is what Prometheus gets.
func scraped(t *testing.T, p *vestibuletest.Provider) string {
	t.Helper()
	response, err := http.Get(p.Watch + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatal(response.Status, err)
	}
	return string(text)
}

func TestMetricsAnswerAnOperatorsQuestionsAndHoldNoSecret(t *testing.T) {
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		cms, b := p.RelyingParty("cms", vestibuletest.CMSSecret), p.Browser()
		b.SignIn(cms.Login("account", "acme"), vestibuletest.Ada, "a wrong password")
		tokens := intoAcme(t, p, cms, b)
		if _, err := cms.Refresh(tokens); err != nil {
			t.Fatal(err)
		}
		p.Mail.Answer(smtp.Busy)
		if _, err := p.Admin.RequireTwoFactor(t.Context(), "globex", identity.TwoFactorAll); err != nil {
			t.Fatal(err)
		}
		p.Clock.Advance(10 * time.Second)
		secret := identity.NewSecret()
		for _, path := range []string{"/enroll/" + secret, "/nowhere/" + secret, "/login?password=" + secret, "/%00" + secret} {
			b.Open(path)
		}
		text := scraped(t, p)
		for _, want := range []string{
			`vestibule_logins_total{factor="password",result="accepted"} 1`, `vestibule_logins_total{factor="password",result="refused"} 1`,
			`vestibule_logins_total{factor="code",result="accepted"} 1`, `vestibule_logins_total{factor="code",result="refused"} 0`,
			`vestibule_events_total{kind="account.two_factor_changed"} `,
			`vestibule_tokens_total{grant="authorization_code",result="given"} 1`, `vestibule_tokens_total{grant="refresh_token",result="given"} 1`,
			`vestibule_hashing{state="waiting"} 0`, `vestibule_logouts_waiting 0`, `vestibule_database_failures_total 0`,
			`vestibule_http_request_duration_seconds_count{method="POST",route="/token",status="2xx"} 2`,
			`vestibule_http_request_duration_seconds_count{method="GET",route="/enroll/{secret}",status="3xx"} 1`,
			`route="other",status="4xx"`, `go_goroutines`,
		} {
			if !strings.Contains(text, want) {
				t.Errorf("not there: %s", want)
			}
		}
		if !regexp.MustCompile(`vestibule_letters_waiting [1-9]`).MatchString(text) || !regexp.MustCompile(`vestibule_letters_oldest_seconds [1-9]`).MatchString(text) {
			t.Errorf("the letters that wait are not there:\n%s", text)
		}
		for _, canary := range []string{secret, secret[:20], vestibuletest.Ada, "nowhere", tokens.AccessToken, "192.0.2", "127.0.0.1"} {
			if strings.Contains(text, canary) {
				t.Errorf("%q is in the metrics", canary)
			}
		}
	})
}

func TestR96_AClockThatIsWrongIsWarnedOfAndThenNotReady(t *testing.T) {
	for _, row := range []struct {
		ahead  time.Duration
		status int
		warned bool
	}{{0, 200, false}, {10 * time.Second, 200, true}, {-10 * time.Second, 200, true}, {40 * time.Second, 503, false}, {-time.Hour, 503, false}} {
		p := vestibuletest.Start(t, vestibuletest.Config{Engine: "postgres", Apply: vestibuletest.House})
		p.Clock.Advance(row.ahead)
		if got := status(t, p.Watch+"/readyz"); got != row.status {
			t.Errorf("%s ahead: /readyz answers %d, want %d", row.ahead, got, row.status)
		}
		if warned := strings.Contains(p.Log.String(), "level=WARN msg=\"the clock differs"); warned != row.warned {
			t.Errorf("%s ahead: warned is %t", row.ahead, warned)
		}
	}
}
