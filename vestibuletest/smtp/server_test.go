package smtp_test

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	client "github.com/emersion/go-smtp"

	"github.com/vestibule-id/vestibule/vestibuletest/smtp"
)

const letter = "From: Vestibule <no-reply@example.com>\r\n" +
	"To: ada@example.com\r\n" +
	"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= from Acme\r\n" +
	"MIME-Version: 1.0\r\n" +
	"Content-Type: multipart/alternative; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
	"Open http://localhost:8080/enroll?token=3Dabc=\r\ndef and then\r\nhttps://example.com/\r\n" +
	"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Open</p>\r\n--b--\r\n"

func TestALetterIsKeptAsThePersonReadsIt(t *testing.T) {
	s := smtp.Start(t, smtp.Config{})
	must(t, send(s, nil, nil, letter))
	got := s.WaitFor(t, "ada@example.com", "from Acme")
	if got.Subject != "Grüße from Acme" || got.From != "no-reply@example.com" || strings.TrimSpace(got.HTML) != "<p>Open</p>" {
		t.Errorf("got %+v", got)
	}
	links := got.Links()
	if len(links) != 2 || links[0] != "http://localhost:8080/enroll?token=abcdef" || links[1] != "https://example.com/" {
		t.Errorf("links are %q", links)
	}
}

func TestTheNewestLetterWinsAndClearForgets(t *testing.T) {
	s := smtp.Start(t, smtp.Config{})
	must(t, send(s, nil, nil, letter))
	must(t, send(s, nil, nil, strings.Replace(letter, "abc", "xyz", 1)))
	if got := s.WaitFor(t, "ada@example.com", "Acme").Links()[0]; !strings.Contains(got, "xyzdef") {
		t.Errorf("got %s", got)
	}
	s.Clear()
	if left := s.Letters(); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestWaitForWaitsForALetterThatComesLater(t *testing.T) {
	s := smtp.Start(t, smtp.Config{})
	go func() {
		time.Sleep(50 * time.Millisecond)
		send(s, nil, nil, letter)
	}()
	s.WaitFor(t, "ada@example.com", "Acme")
}

func TestBusyAndRefuseAnswerWithTheirCodesAndTakeNothing(t *testing.T) {
	s := smtp.Start(t, smtp.Config{})
	for mode, code := range map[smtp.Mode]int{smtp.Busy: 451, smtp.Refuse: 550} {
		s.Answer(mode)
		var answer *client.SMTPError
		if err := send(s, nil, nil, letter); !errors.As(err, &answer) || answer.Code != code {
			t.Errorf("mode %d: got %v, want %d", mode, err, code)
		}
	}
	if s.Attempts() != 2 || len(s.Letters()) != 0 {
		t.Errorf("%d attempts, letters %v", s.Attempts(), s.Letters())
	}
	s.Answer(smtp.OK)
	must(t, send(s, nil, nil, letter))
}

func TestHangAfterDataTakesTheLetterAndDoesNotSaySo(t *testing.T) {
	s := smtp.Start(t, smtp.Config{})
	s.Answer(smtp.HangAfterData)
	var timeout net.Error
	if err := send(s, nil, nil, letter); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("got %v, want a timeout", err)
	}
	s.WaitFor(t, "ada@example.com", "Acme")
}

func TestSlowTakesItsTimeForEachAnswer(t *testing.T) {
	s := smtp.Start(t, smtp.Config{Delay: 60 * time.Millisecond})
	s.Answer(smtp.Slow)
	begin := time.Now()
	must(t, send(s, nil, nil, letter))
	if took := time.Since(begin); took < 120*time.Millisecond {
		t.Errorf("two answers took %s", took)
	}
}

func TestWithoutSTARTTLSNoLetterIsTaken(t *testing.T) {
	s := smtp.Start(t, smtp.Config{StartTLS: true})
	var answer *client.SMTPError
	if err := send(s, nil, nil, letter); !errors.As(err, &answer) || answer.Code != 530 {
		t.Errorf("got %v, want 530", err)
	}
	must(t, send(s, &tls.Config{RootCAs: s.Roots(), ServerName: "localhost"}, nil, letter))
	if err := send(s, &tls.Config{ServerName: "localhost"}, nil, letter); err == nil {
		t.Error("the certificate was believed by a sender who was not told about it")
	}
}

func TestPasswordsAreChecked(t *testing.T) {
	s := smtp.Start(t, smtp.Config{StartTLS: true, User: "vestibule", Password: "right"})
	trust := &tls.Config{RootCAs: s.Roots(), ServerName: "localhost"}
	for _, tt := range []struct {
		name string
		auth sasl.Client
		code int
	}{
		{"nobody", nil, 530},
		{"the wrong password", sasl.NewPlainClient("", "vestibule", "wrong"), 535},
		{"the right password", sasl.NewPlainClient("", "vestibule", "right"), 0},
	} {
		var answer *client.SMTPError
		err := send(s, trust, tt.auth, letter)
		if (tt.code == 0) != (err == nil) || (err != nil && (!errors.As(err, &answer) || answer.Code != tt.code)) {
			t.Errorf("%s: got %v, want %d", tt.name, err, tt.code)
		}
	}
	if want := "smtp://vestibule:right@" + s.Addr(); s.URL() != want {
		t.Errorf("URL %s, want %s", s.URL(), want)
	}
}

func TestWhatIsNoLetterIsRefused(t *testing.T) {
	s := smtp.Start(t, smtp.Config{})
	var answer *client.SMTPError
	if err := send(s, nil, nil, "no header at all\r\n"); !errors.As(err, &answer) || answer.Code != 554 {
		t.Errorf("got %v, want 554", err)
	}
}

// send delivers as a mail program would: STARTTLS when trust is given, then AUTH.
func send(s *smtp.Server, trust *tls.Config, auth sasl.Client, body string) error {
	var c *client.Client
	var err error
	if trust != nil {
		c, err = client.DialStartTLS(s.Addr(), trust)
	} else {
		c, err = client.Dial(s.Addr())
	}
	if err != nil {
		return err
	}
	defer c.Close()
	c.CommandTimeout, c.SubmissionTimeout = 500*time.Millisecond, 500*time.Millisecond
	if auth != nil {
		if err := c.Auth(auth); err != nil {
			return err
		}
	}
	return c.SendMail("no-reply@example.com", []string{"ada@example.com"}, strings.NewReader(body))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
