package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
)

type migrateCmd struct{}

// Help implements kong.HelpProvider.
func (migrateCmd) Help() string {
	return `Run it once per release, before the new version starts. Running it again does nothing, and when two run at once, one waits.

Example:

    vestibule migrate --database-url sqlite:vestibule.db --key-file sealing.key`
}

// Run implements the command.
func (c *migrateCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	db, err := config.makeDB(ctx, config.logger(t.errs, slog.LevelWarn))
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	view := struct {
		Engine string `json:"engine"`
		Ready  bool   `json:"ready"`
	}{db.Engine(), true}
	return t.show(view, func(w io.Writer) { fmt.Fprintf(w, "The %s database is up to date.\n", view.Engine) })
}
