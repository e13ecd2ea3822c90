package smtp

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// Mode is how the server answers.
type Mode int

const (
	OK            Mode = iota // takes every letter
	Busy                      // 451 to every recipient: come back later
	Refuse                    // 550 to every recipient: never come back
	HangAfterData             // takes the letter and never says so; the sender cannot know
	Slow                      // takes every letter, each answer after Config.Delay
)

// Config says how the server may be reached. The zero value takes letters from
// anybody without encryption.
type Config struct {
	// StartTLS offers STARTTLS and takes no letter without.
	StartTLS bool
	// User and Password, when set, must be given by AUTH PLAIN.
	User, Password string
	// Delay is what Slow waits before each answer; default one second.
	Delay time.Duration
}

// Server is a running mail server. It ends with its test.
type Server struct {
	config Config
	addr   string
	roots  *x509.CertPool
	closed chan struct{}

	mu       sync.Mutex
	mode     Mode
	attempts int
	letters  []Letter
	arrived  chan struct{} // closed and replaced whenever a letter arrives
}

// Start runs a server on a free port of 127.0.0.1 until the test ends.
func Start(t testing.TB, config Config) *Server {
	t.Helper()
	if config.Delay == 0 {
		config.Delay = time.Second
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{
		config:  config,
		addr:    listener.Addr().String(),
		roots:   x509.NewCertPool(),
		closed:  make(chan struct{}),
		arrived: make(chan struct{}),
	}
	server := smtp.NewServer(smtp.BackendFunc(s.newSession))
	server.Domain = "localhost"
	server.AllowInsecureAuth = !config.StartTLS
	server.MaxMessageBytes = 1 << 20
	server.ErrorLog = log.New(io.Discard, "", 0) // senders that give up are part of the tests
	if config.StartTLS {
		certificate := selfSigned(t)
		s.roots.AddCert(certificate.Leaf)
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
	}
	go server.Serve(listener)
	t.Cleanup(func() {
		close(s.closed)
		server.Close()
	})
	return s
}

// Addr is where the server listens: 127.0.0.1 and a port.
func (s *Server) Addr() string { return s.addr }

// URL is the same as a URL, with user and password where there are any.
func (s *Server) URL() string {
	u := url.URL{Scheme: "smtp", Host: s.addr}
	if s.config.User != "" {
		u.User = url.UserPassword(s.config.User, s.config.Password)
	}
	return u.String()
}

// Roots is what a sender must trust to believe the server's certificate, which
// is for 127.0.0.1 and localhost. It is empty without STARTTLS.
func (s *Server) Roots() *x509.CertPool { return s.roots }

// Answer changes how the server answers from now on.
func (s *Server) Answer(mode Mode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mode = mode
}

// Attempts counts the recipients that were named so far, refused ones too.
func (s *Server) Attempts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attempts
}

// Letters returns what has arrived so far, oldest first.
func (s *Server) Letters() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.letters)
}

// Clear forgets the letters, so that WaitFor waits for new ones.
func (s *Server) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.letters = nil
}

// WaitFor returns the newest letter to that address whose subject contains
// subjectPart. It waits half a minute for one to come, and then fails the test
// and says what has come instead.
func (s *Server) WaitFor(t testing.TB, to, subjectPart string) Letter {
	t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		s.mu.Lock()
		letters, arrived := slices.Clone(s.letters), s.arrived
		s.mu.Unlock()
		for _, l := range slices.Backward(letters) {
			if slices.Contains(l.To, to) && strings.Contains(l.Subject, subjectPart) {
				return l
			}
		}
		select {
		case <-arrived:
		case <-timeout:
			t.Fatalf("smtp: no letter %q to %s in half a minute; there is: %v", subjectPart, to, letters)
		}
	}
}

// keep stores a letter and wakes those who wait for one.
func (s *Server) keep(l Letter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.letters = append(s.letters, l)
	close(s.arrived)
	s.arrived = make(chan struct{})
}

// attempt counts a recipient and returns how to answer.
func (s *Server) attempt() Mode {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts++
	return s.mode
}
