package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/server"
)

// serveCmd runs the provider.
type serveCmd struct{}

// Help implements kong.HelpProvider.
func (serveCmd) Help() string {
	return `Answers browsers and clients on --listen and watchers (/healthz, /readyz, /metrics) on --admin-listen until it is told to stop. Then
/readyz fails at once, requests are taken for --stop-delay longer, and what is in flight is finished. It speaks plain HTTP: put a proxy that ends TLS in front and name it in --trusted-proxies.
The database must be migrated. What is missing in the settings is said, and nothing is guessed.

A setting that holds a password belongs in the environment or the --config file: everybody on the machine sees flags.

Example:
  export VESTIBULE_SMTP_URL=smtp://user:password@relay:587
  vestibule serve --issuer https://login.example.com --database-url postgres://vestibule@db/vestibule \
    --key-file vestibule.key --mail-from login@example.com`
}

// Run implements the command.
func (serveCmd) Run(ctx context.Context, c *Config, t *terminal) error {
	if err := c.need("issuer", "database_url", "key_file", "smtp_url", "mail_from"); err != nil {
		return err
	}
	log := c.logger(t.errs, slog.LevelDebug)
	slog.SetDefault(c.logger(t.errs, slog.LevelError)) // libraries are heard when something is broken; refusals we log ourselves
	transport, err := c.transport()
	if err != nil {
		return err
	}
	proxies, err := networks("trusted_proxies", c.TrustedProxies)
	if err != nil {
		return err
	}
	backchannel, err := networks("backchannel_networks", c.BackchannelNetworks)
	if err != nil {
		return err
	}
	db, err := c.openDB(ctx, log)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Ready(ctx); err != nil {
		return err
	}
	hasher, err := identity.NewHasher(identity.HasherConfig{})
	if err != nil {
		return err
	}
	server.LimitMemory(hasher)
	s, err := server.New(server.Config{
		Issuer: c.Issuer, Product: c.Product, DB: db, Hasher: hasher, Mail: transport, MailFrom: c.MailFrom,
		TrustedProxies: proxies, BackchannelNetworks: backchannel, Log: log,
		TokenLimit: int(c.TokenLimit), LoginLimit: int(c.LoginLimit), MaxConnections: int(c.MaxConnections),
		SignUp: identity.SignUp(c.SignUp), PasswordMin: c.PasswordMin,
		StopDelay: c.StopDelay, AuditKeep: time.Duration(c.AuditKeep) * 24 * time.Hour,
	})
	if err != nil {
		return err
	}
	if err := s.Prepare(ctx); err != nil {
		return err
	}
	return c.answer(ctx, s, log)
}

// answer listens and serves until ctx ends.
func (c Config) answer(ctx context.Context, s *server.Server, log *slog.Logger) error {
	public, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	watch, err := net.Listen("tcp", c.AdminListen)
	if err != nil {
		return errors.Join(fmt.Errorf("admin_listen: %w", err), public.Close())
	}
	log.Info("serving", "issuer", c.Issuer, "listen", public.Addr().String(), "admin_listen", watch.Addr().String(), "pid", os.Getpid())
	return s.Serve(ctx, public, watch)
}

// transport is how letters leave: by a relay, or into a folder.
func (c Config) transport() (mail.Transport, error) {
	if err := mail.CheckSender(c.MailFrom); err != nil {
		return nil, fmt.Errorf("mail_from: %w", err)
	}
	switch {
	case c.SMTPURL != "" && c.MailDir != "":
		return nil, errors.New("smtp_url and mail_dir are both given; choose one")
	case c.MailDir != "":
		return mail.NewDir(c.MailDir)
	}
	return mail.NewSMTP(mail.SMTPConfig{URL: c.SMTPURL})
}

// networks reads a setting that lists networks, or single addresses.
func networks(setting string, texts []string) (all []netip.Prefix, err error) {
	for _, text := range texts {
		text = strings.TrimSpace(text)
		if address, err := netip.ParseAddr(text); err == nil {
			all = append(all, netip.PrefixFrom(address, address.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is neither an address nor a network such as 10.0.0.0/8", setting, text)
		}
		all = append(all, prefix)
	}
	return all, nil
}
