package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// SMTPConfig says which relay takes our letters.
type SMTPConfig struct {
	// URL is smtp://user:password@host:587 for STARTTLS, which is then required,
	// or smtps://user:password@host:465 for TLS from the first byte. Only a relay
	// on this machine (localhost, 127.0.0.1, ::1) may be spoken to in the clear.
	// Without user nobody logs in; without port 587 or 465 is taken.
	URL string
	// Roots are the authorities to believe; nil means those of the system. With
	// Roots a relay on this machine must encrypt, too.
	Roots *x509.CertPool
	// Timeout bounds one delivery from dialling to the last answer; default 30 s.
	Timeout time.Duration
}

// SMTP delivers letters to a relay, one connection each.
type SMTP struct {
	host, port     string
	user, password string
	implicitTLS    bool
	policy         gomail.TLSPolicy
	tls            *tls.Config
	timeout        time.Duration
	dial           func(ctx context.Context, network, address string) (net.Conn, error)
}

// NewSMTP reads the configuration. It does not connect: a relay that is down
// must not keep the provider from starting. Errors do not repeat the URL.
func NewSMTP(config SMTPConfig) (*SMTP, error) {
	u, err := parseSMTPURL(config.URL)
	if err != nil {
		return nil, err
	}
	s := &SMTP{
		host: u.Hostname(), port: u.Port(), user: u.User.Username(),
		implicitTLS: u.Scheme == "smtps",
		timeout:     config.Timeout,
		dial:        (&net.Dialer{}).DialContext,
	}
	s.password, _ = u.User.Password()
	if s.timeout == 0 {
		s.timeout = 30 * time.Second
	}
	if s.port == "" {
		s.port = map[bool]string{false: "587", true: "465"}[s.implicitTLS]
	}
	s.policy, s.tls = encryptionFor(s.host, config.Roots)
	if s.implicitTLS {
		s.policy = gomail.NoTLS // no STARTTLS inside of TLS
	}
	return s, nil
}

func parseSMTPURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil: // url.Parse would repeat the text, and with it the password
		return nil, errors.New("SMTP URL: not a URL; write smtp://user:password@host:587 and percent-encode special characters")
	case u.Scheme != "smtp" && u.Scheme != "smtps":
		return nil, errors.New("SMTP URL: must begin with smtp:// or smtps://")
	case u.Hostname() == "":
		return nil, errors.New("SMTP URL: names no host")
	case (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("SMTP URL: nothing may follow the port; is a / ? or # of the password not percent-encoded?")
	}
	if password, set := u.User.Password(); u.User != nil && (!set || password == "" || u.User.Username() == "") {
		return nil, errors.New("SMTP URL: user and password go together")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, errors.New("SMTP URL: the port must be 1 to 65535")
		}
	}
	return u, nil
}

// encryptionFor requires a believed certificate of every relay but one on this
// machine. There the alternative is no encryption at all, so a certificate that
// proves nothing, as fresh installations of mail servers have, does no harm.
func encryptionFor(host string, roots *x509.CertPool) (gomail.TLSPolicy, *tls.Config) {
	config := &tls.Config{ServerName: host, RootCAs: roots, MinVersion: tls.VersionTLS12}
	if isLoopback(host) && roots == nil {
		config.InsecureSkipVerify = true
		return gomail.TLSOpportunistic, config
	}
	return gomail.TLSMandatory, config
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// Send hands one letter to the relay. Errors are *DeliveryError.
func (s *SMTP) Send(ctx context.Context, e Envelope) error {
	m, err := message(e)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	client, err := s.client(ctx)
	if err != nil {
		return s.failure(ctx, err)
	}
	// Once the relay has said yes the letter is on its way, even if saying
	// goodbye fails; an error then would send it a second time.
	if err := client.DialAndSendWithContext(ctx, m); err != nil && !m.IsDelivered() {
		return s.failure(ctx, err)
	}
	return nil
}

// client makes the library's client for one letter. Dialling is done here: the
// library watches the context only until it is connected.
func (s *SMTP) client(ctx context.Context) (*gomail.Client, error) {
	port, err := strconv.Atoi(s.port)
	if err != nil {
		return nil, err
	}
	options := []gomail.Option{
		gomail.WithPort(port), gomail.WithTimeout(2 * s.timeout), // the context ends earlier
		gomail.WithTLSPolicy(s.policy), gomail.WithTLSConfig(s.tls),
		gomail.WithDialContextFunc(func(context.Context, string, string) (net.Conn, error) { return s.connect(ctx) }),
	}
	if s.user != "" {
		options = append(options, gomail.WithUsername(s.user), gomail.WithPassword(s.password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	return gomail.NewClient(s.host, options...)
}

// connect dials, and closes the connection as soon as the context ends.
func (s *SMTP) connect(ctx context.Context) (net.Conn, error) {
	conn, err := s.dial(ctx, "tcp", net.JoinHostPort(s.host, s.port))
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { conn.Close() })
	if !s.implicitTLS {
		return conn, nil
	}
	encrypted := tls.Client(conn, s.tls)
	if err := encrypted.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return encrypted, nil
}

// failure judges an error of the library. Only an answer to this letter's
// recipient or content can be permanent; the earlier answers are about us.
func (s *SMTP) failure(ctx context.Context, err error) error {
	failed := &DeliveryError{cause: err}
	if ended := ctx.Err(); ended != nil {
		failed.cause = ended
		err = fmt.Errorf("%w (%v)", ended, err)
	}
	var refusal *gomail.SendError
	if errors.As(err, &refusal) {
		failed.Code = refusal.ErrorCode()
		switch refusal.Reason {
		case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
			failed.Permanent = failed.Code >= 500
		}
	}
	failed.text = s.withoutPassword("SMTP relay " + net.JoinHostPort(s.host, s.port) + ": " + strings.Join(strings.Fields(err.Error()), " "))
	return failed
}

// withoutPassword also looks for the forms in which the password crosses the
// wire, should a relay repeat what it was told.
func (s *SMTP) withoutPassword(text string) string {
	if s.password == "" {
		return text
	}
	for _, secret := range []string{
		base64.StdEncoding.EncodeToString([]byte("\x00" + s.user + "\x00" + s.password)), // AUTH PLAIN
		base64.StdEncoding.EncodeToString([]byte(s.password)),                            // AUTH LOGIN
		url.QueryEscape(s.password), s.password,
	} {
		text = strings.ReplaceAll(text, secret, "[password]")
	}
	return text
}
