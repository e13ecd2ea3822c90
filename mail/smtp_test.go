package mail

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/vestibuletest/smtp"
)

func newSMTP(t *testing.T, config SMTPConfig) *SMTP {
	t.Helper()
	if config.Timeout == 0 {
		config.Timeout = 5 * time.Second
	}
	s, err := NewSMTP(config)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// failure sends a letter that must not get through.
func failure(t *testing.T, s *SMTP, ctx context.Context) *DeliveryError {
	t.Helper()
	var delivery *DeliveryError
	if err := s.Send(ctx, letter()); !errors.As(err, &delivery) {
		t.Fatalf("sent, or not a delivery error: %v", err)
	}
	return delivery
}

func TestARelayGetsTheLetter(t *testing.T) {
	for name, config := range map[string]smtp.Config{
		"in the clear on this machine": {},
		"encrypted":                    {StartTLS: true},
		"encrypted with a password":    {StartTLS: true, User: "acme", Password: "p@ss/word:#1 ö"},
		"with a password":              {User: "acme", Password: "p@ss/word:#1 ö"},
	} {
		server := smtp.Start(t, config)
		s := newSMTP(t, SMTPConfig{URL: server.URL()})
		if config.StartTLS {
			s = newSMTP(t, SMTPConfig{URL: server.URL(), Roots: server.Roots()})
		}
		if err := s.Send(t.Context(), letter()); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := server.WaitFor(t, "ada@example.com", "Set up")
		if got.From != "login@acme.example" || strings.ReplaceAll(got.Text, "\r\n", "\n") != letter().Text || got.HTML != letter().HTML {
			t.Errorf("%s: arrived as %+v", name, got)
		}
		if want := bytesOf(t, letter()); strings.TrimRight(string(got.Raw), "\r\n") != strings.TrimRight(string(want), "\r\n") {
			t.Errorf("%s: the bytes differ from those of a file", name)
		}
	}
}

func TestARelayOnThisMachineMayHaveACertificateNobodyBelieves(t *testing.T) {
	server := smtp.Start(t, smtp.Config{StartTLS: true})
	if err := newSMTP(t, SMTPConfig{URL: server.URL()}).Send(t.Context(), letter()); err != nil {
		t.Error(err)
	}
}

func TestR81_ARelayElsewhereMustEncryptAndProveItsName(t *testing.T) {
	clear := smtp.Start(t, smtp.Config{User: "acme", Password: "hunter2hunter2"})
	encrypted := smtp.Start(t, smtp.Config{StartTLS: true})
	for name, c := range map[string]struct {
		server *smtp.Server
		url    string
		roots  *x509.CertPool
		want   string
	}{
		"no STARTTLS":          {clear, "smtp://acme:hunter2hunter2@relay.example", nil, "STARTTLS"},
		"unknown authority":    {encrypted, "smtp://relay.example", nil, "certificate"},
		"other name":           {encrypted, "smtp://relay.example", encrypted.Roots(), "certificate"},
		"own roots, no TLS":    {clear, clear.URL(), x509.NewCertPool(), "STARTTLS"},
		"own roots, wrong one": {encrypted, encrypted.URL(), x509.NewCertPool(), "certificate"},
	} {
		s := newSMTP(t, SMTPConfig{URL: c.url, Roots: c.roots})
		s.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, c.server.Addr())
		}
		if err := failure(t, s, t.Context()); err.Permanent || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: permanent %v, %v", name, err.Permanent, err)
		}
		if c.server.Attempts() != 0 {
			t.Errorf("%s: the relay learned the recipient", name)
		}
	}
}

// The server for tests speaks STARTTLS only; for smtps a TLS listener stands in
// front of it.
func TestSMTPSIsEncryptedFromTheFirstByte(t *testing.T) {
	server := smtp.Start(t, smtp.Config{User: "acme", Password: "hunter2hunter2"})
	front := httptest.NewUnstartedServer(nil)
	front.StartTLS()
	defer front.Close()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", front.TLS)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go forward(listener, server.Addr())
	roots := x509.NewCertPool()
	roots.AddCert(front.Certificate())
	url := "smtps://acme:hunter2hunter2@" + listener.Addr().String()
	if err := newSMTP(t, SMTPConfig{URL: url, Roots: roots}).Send(t.Context(), letter()); err != nil {
		t.Error(err)
	}
	server.WaitFor(t, "ada@example.com", "Set up")
	if err := failure(t, newSMTP(t, SMTPConfig{URL: url, Roots: x509.NewCertPool()}), t.Context()); err.Permanent {
		t.Error(err)
	}
}

func forward(listener net.Listener, to string) {
	for {
		in, err := listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", to)
		if err != nil {
			in.Close()
			return
		}
		go func() { io.Copy(out, in); out.Close() }()
		go func() { io.Copy(in, out); in.Close() }()
	}
}

func TestF12_OnlyARefusalForGoodIsPermanent(t *testing.T) {
	server := smtp.Start(t, smtp.Config{})
	s := newSMTP(t, SMTPConfig{URL: server.URL()})
	server.Answer(smtp.Busy)
	if err := failure(t, s, t.Context()); err.Permanent || err.Code != 451 {
		t.Errorf("busy: %+v", err)
	}
	server.Answer(smtp.Refuse)
	if err := failure(t, s, t.Context()); !err.Permanent || err.Code != 550 || !IsPermanent(err) {
		t.Errorf("refused: %+v", err)
	}
	server.Answer(smtp.OK)
	if err := s.Send(t.Context(), letter()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	down, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	down.Close()
	if err := failure(t, newSMTP(t, SMTPConfig{URL: "smtp://" + down.Addr().String()}), t.Context()); err.Permanent || err.Code != 0 {
		t.Errorf("down: %+v", err)
	}
}

func TestF12_ARelayThatNeverAnswersCostsNoMoreThanTheTimeout(t *testing.T) {
	server := smtp.Start(t, smtp.Config{})
	server.Answer(smtp.HangAfterData)
	s := newSMTP(t, SMTPConfig{URL: server.URL(), Timeout: 300 * time.Millisecond})
	started := time.Now()
	err := failure(t, s, t.Context())
	if took := time.Since(started); took > 10*time.Second || err.Permanent || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v after %v", err, took)
	}
	silent, listenErr := net.Listen("tcp", "127.0.0.1:0")
	if listenErr != nil {
		t.Fatal(listenErr)
	}
	defer silent.Close()
	started = time.Now()
	failure(t, newSMTP(t, SMTPConfig{URL: "smtp://" + silent.Addr().String(), Timeout: 300 * time.Millisecond}), t.Context())
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("no greeting: %v", took)
	}
}

func TestAShutdownDoesNotWaitForTheRelay(t *testing.T) {
	server := smtp.Start(t, smtp.Config{})
	server.Answer(smtp.HangAfterData)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	started := time.Now()
	err := failure(t, newSMTP(t, SMTPConfig{URL: server.URL(), Timeout: time.Minute}), ctx)
	if took := time.Since(started); took > 20*time.Second || !errors.Is(err, context.Canceled) || err.Permanent {
		t.Errorf("%v after %v", err, took)
	}
}

func TestR89_NoErrorContainsThePassword(t *testing.T) {
	const password = "s3cr3t/p@ss%w0rd"
	server := smtp.Start(t, smtp.Config{StartTLS: true, User: "acme", Password: "another"})
	s := newSMTP(t, SMTPConfig{URL: "smtp://acme:s3cr3t%2Fp%40ss%25w0rd@" + server.Addr(), Roots: server.Roots()})
	if s.password != password {
		t.Fatalf("password read as %q", s.password)
	}
	texts := []string{failure(t, s, t.Context()).Error(), s.failure(t.Context(), errors.New("535 no: AGFjbWUAczNjcjN0L3BAc3MldzByZA== "+password)).Error()}
	for _, url := range []string{
		"smtp://acme:s3cr3t/p@ss%w0rd@relay.example", "smtp://acme:s3cr3t%zz@relay.example", "http://acme:s3cr3t@relay.example",
		"smtp://acme:s3cr3t@relay.example:99999", "smtp://acme:s3cr3t@", "smtp://:s3cr3t@relay.example", "smtp://acme:s3cr3t@relay.example?tls=off", "acme:s3cr3t@relay.example",
	} {
		_, err := NewSMTP(SMTPConfig{URL: url})
		if err == nil {
			t.Errorf("%q accepted", url)
			continue
		}
		texts = append(texts, err.Error())
	}
	for _, text := range texts {
		if strings.Contains(text, "s3cr3t") || strings.Contains(text, "czNjcjN0") || strings.Contains(text, "AGFjbWU") {
			t.Errorf("%q contains the password", text)
		}
	}
	if !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, "535") }) {
		t.Error("no error tells that the login failed")
	}
}

func TestTheSMTPURLHasSensibleDefaultsAndSaysWhatIsMissing(t *testing.T) {
	for url, port := range map[string]string{
		"smtp://relay.example": "587", "smtps://relay.example": "465", "smtp://acme:x@[::1]:2525/": "2525",
	} {
		if s := newSMTP(t, SMTPConfig{URL: url}); s.port != port {
			t.Errorf("%s: port %s", url, s.port)
		}
	}
	for url, want := range map[string]string{
		"": "smtp://", "relay.example:587": "smtp", "smtp://": "host", "smtp://acme@relay.example": "password", "smtp://relay.example:0": "port", "smtp://relay.example/x": "follow",
	} {
		if _, err := NewSMTP(SMTPConfig{URL: url}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", url, err)
		}
	}
}

var _ Transport = (*SMTP)(nil)
var _ Transport = (*Dir)(nil)

// A relay that hangs up right after taking the letter. A real server cannot be
// made to, so this one is a script of answers.
func TestF12_ALetterTheRelayHasTakenIsNotSentAgainWhenItHangsUp(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		lines := bufio.NewScanner(conn)
		for answer := "220 relay"; answer != ""; {
			io.WriteString(conn, answer+"\r\n")
			answer = "250 OK"
			for lines.Scan() && lines.Text() == "" {
			}
			if lines.Text() == "DATA" {
				io.WriteString(conn, "354 go on\r\n")
				for lines.Scan() && lines.Text() != "." {
				}
				io.WriteString(conn, "250 taken\r\n")
				return
			}
		}
	}()
	if err := newSMTP(t, SMTPConfig{URL: "smtp://" + listener.Addr().String()}).Send(t.Context(), letter()); err != nil {
		t.Error(err)
	}
}
