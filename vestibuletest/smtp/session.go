package smtp

import (
	"crypto/subtle"
	"io"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

var (
	errNoTLS    = &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Must issue a STARTTLS command first"}
	errNoAuth   = &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	errBusy     = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "Greylisted, please try again later"}
	errRefused  = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such user here"}
	errNoLetter = &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "Not a readable message"}
)

// session is one connection; go-smtp calls it command by command.
type session struct {
	server        *Server
	conn          *smtp.Conn
	authenticated bool
	mode          Mode
	from          string
	to            []string
}

func (s *Server) newSession(conn *smtp.Conn) (smtp.Session, error) {
	return &session{server: s, conn: conn}, nil
}

// AuthMechanisms implements smtp.AuthSession: PLAIN where there is a password.
func (s *session) AuthMechanisms() []string {
	if s.server.config.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth implements smtp.AuthSession.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		want := s.server.config.User + "\x00" + s.server.config.Password
		if subtle.ConstantTimeCompare([]byte(want), []byte(user+"\x00"+password)) == 0 {
			return smtp.ErrAuthFailed
		}
		s.authenticated = true
		return nil
	}), nil
}

// Mail implements smtp.Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if _, encrypted := s.conn.TLSConnectionState(); s.server.config.StartTLS && !encrypted {
		return errNoTLS
	}
	if s.server.config.User != "" && !s.authenticated {
		return errNoAuth
	}
	s.from = from
	return nil
}

// Rcpt implements smtp.Session. The mode at this moment holds for the letter.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mode = s.server.attempt()
	s.hesitate()
	switch s.mode {
	case Busy:
		return errBusy
	case Refuse:
		return errRefused
	}
	s.to = append(s.to, to)
	return nil
}

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	letter, err := parse(raw)
	if err != nil {
		return errNoLetter
	}
	letter.From, letter.To = s.from, s.to
	s.server.keep(letter)
	if s.mode == HangAfterData {
		<-s.server.closed
	}
	s.hesitate()
	return nil
}

// hesitate is what makes Slow slow; it does not outlive the server.
func (s *session) hesitate() {
	if s.mode != Slow {
		return
	}
	select {
	case <-time.After(s.server.config.Delay):
	case <-s.server.closed:
	}
}

// Reset implements smtp.Session.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }
