package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/server"
	"github.com/vestibule-id/vestibule/storage"
)

// auditCmd is the commands about the audit trail.
type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Check that nobody has touched the audit trail."`
	Export auditExportCmd `cmd:"" help:"Print the audit trail, one JSON object per line."`
}

type auditVerifyCmd struct{}

// Help implements kong.HelpProvider.
func (auditVerifyCmd) Help() string {
	return `Compares every event with the chain of hashes that the server appends to once a minute, and names each that was changed, removed or inserted; the exit status is 1 then. The hashes are sealed with the key from outside the database, so a chain cannot be made up there. Keep the hash it prints: a chain that was cut off at its end is noticed by whoever remembers where it ended.

Example:

    vestibule audit verify
    vestibule audit verify --json`
}

// auditView is a report as it is printed for programs.
type auditView struct {
	OK       bool                   `json:"ok"`
	Events   int                    `json:"events"`
	Waiting  int                    `json:"waiting"`
	Links    int                    `json:"links"`
	Swept    int                    `json:"swept"`
	Head     identity.Digest        `json:"head"`
	Findings []storage.AuditFinding `json:"findings"`
}

// Run implements the command.
func (c *auditVerifyCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	db, err := config.readyDB(ctx, t)
	if err != nil {
		return err
	}
	defer db.Close()
	r, err := db.VerifyAudit(ctx)
	if err != nil {
		return err
	}
	view := auditView{len(r.Findings) == 0, r.Events, r.Unsealed, r.Links, r.Swept, r.Head, r.Findings}
	err = t.show(view, func(w io.Writer) {
		for _, f := range r.Findings {
			fmt.Fprintln(w, f)
		}
		fmt.Fprintf(w, "%d events are as they were recorded; %d wait to be covered.\n", r.Events, r.Unsealed)
		if r.Links == 0 {
			fmt.Fprintln(w, "The chain has no links yet: the server appends to it once a minute.")
			return
		}
		fmt.Fprintf(w, "The chain has %d links, of which %d were swept, and ends with %s.\n", r.Links, r.Swept, r.Head)
	})
	if err == nil && !view.OK {
		err = errors.New("the audit trail was tampered with")
	}
	return err
}

// auditExportCmd writes as it reads: a trail can be long.
type auditExportCmd struct {
	Since moment `placeholder:"TIME" help:"The first moment, such as 2026-03-01 or 2026-03-01T12:00:00Z."`
	Until moment `placeholder:"TIME" help:"The moment before which to stop."`
}

// moment is a day or a time on the command line.
type moment struct{ time.Time }

// UnmarshalText implements encoding.TextUnmarshaler; a day begins at midnight UTC.
func (m *moment) UnmarshalText(text []byte) (err error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if m.Time, err = time.Parse(layout, string(text)); err == nil {
			m.Time = m.UTC()
			return nil
		}
	}
	return fmt.Errorf("%q is neither a day such as 2026-03-01 nor a time such as 2026-03-01T12:00:00Z", text)
}

// Help implements kong.HelpProvider.
func (auditExportCmd) Help() string {
	return `Example:

    vestibule audit export --since 2026-03-01 --until 2026-04-01 > march.jsonl`
}

// Run implements the command.
func (c *auditExportCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	db, err := config.readyDB(ctx, t)
	if err != nil {
		return err
	}
	defer db.Close()
	until := c.Until.Time
	if until.IsZero() {
		until = server.Clock().Add(24 * time.Hour) // also what a clock that is ahead has recorded
	}
	since := c.Since.Time
	if since.IsZero() {
		since = time.Unix(0, 0).UTC()
	}
	out := bufio.NewWriter(t.out)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	err = db.Events(ctx, since, until, func(e identity.Event) error { return lines.Encode(e) })
	return errors.Join(err, out.Flush())
}

// readyDB opens the database and checks that schema and key fit.
func (c *Config) readyDB(ctx context.Context, t *terminal) (*storage.DB, error) {
	db, err := c.openDB(ctx, c.logger(t.errs, slog.LevelWarn))
	if err != nil {
		return nil, err
	}
	if err := db.Ready(ctx); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}
