package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/vestibule-id/vestibule/admin"
	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/server"
	"github.com/vestibule-id/vestibule/storage"
)

// office is an open database with the operator's acts.
type office struct {
	*admin.Admin
	db *storage.DB
}

// open makes the acts ready; it refuses a database whose schema or sealing key does not fit. Close it.
func (c *Config) open(ctx context.Context, t *terminal) (*office, error) {
	log := c.logger(t.errs, slog.LevelWarn)
	db, err := c.openDB(ctx, log)
	if err != nil {
		return nil, err
	}
	acts, err := c.acts(ctx, db, log)
	if err != nil {
		db.Close()
		return nil, err
	}
	return &office{acts, db}, nil
}

// acts checks before it builds: an issuer that no browser would accept must not get into a letter.
func (c *Config) acts(ctx context.Context, db *storage.DB, log *slog.Logger) (*admin.Admin, error) {
	if err := db.Ready(ctx); err != nil {
		return nil, err
	}
	if c.Issuer != "" {
		if err := server.CheckIssuer(c.Issuer); err != nil {
			return nil, err
		}
	}
	if err := identity.CheckPasswordMin(c.PasswordMin); err != nil {
		return nil, fmt.Errorf("password_min: %w", err)
	}
	hasher, err := identity.NewHasher(identity.HasherConfig{})
	if err != nil {
		return nil, err
	}
	config := admin.Config{PasswordMin: c.PasswordMin, DB: db, Hasher: hasher, Now: server.Clock, Log: log}
	config.Outbox.Issuer, config.Outbox.Product = c.Issuer, c.Product
	return admin.New(config)
}

// Close gives the database back.
func (o *office) Close() { o.db.Close() }
