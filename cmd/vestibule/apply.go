package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/vestibule-id/vestibule/admin"
)

// applyCmd asks for no issuer: only a file that makes the account ask for a code needs one, and says so.
type applyCmd struct {
	From   string `name:"file" short:"f" required:"" placeholder:"FILE" help:"The file; - is standard input."`
	DryRun bool   `help:"Print the differences and change nothing."`
}

// Help implements kong.HelpProvider.
func (applyCmd) Help() string {
	return `All of it happens in one transaction, or nothing. A second run changes nothing. What the file leaves out stays as it is, and nothing is deleted.

Example:

    vestibule apply -f vestibule.yaml --dry-run
    vestibule apply -f vestibule.yaml

A file:

    accounts:
      - {slug: acme, name: Acme Media, two_factor: all}
    people:
      - {email: ada@example.com, name: Ada Park, password: "…", memberships: {acme: owner}}
    clients:
      - {id: cms, name: CMS, secret: "…", redirect_uris: ["https://cms.example.com/callback"]}`
}

// Run implements the command.
func (c *applyCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	file, err := c.read(ctx, t)
	if err != nil {
		return err
	}
	office, err := config.open(ctx, t)
	if err != nil {
		return err
	}
	defer office.Close()
	applied, err := office.Apply(ctx, file, c.DryRun)
	if err != nil {
		return err
	}
	if applied.Differences == nil {
		applied.Differences = []admin.Difference{} // JSON says [] and not null
	}
	view := struct {
		DryRun bool `json:"dry_run"`
		admin.Applied
	}{c.DryRun, applied}
	return t.show(view, func(w io.Writer) { printApplied(w, applied, c.DryRun) })
}

func (c *applyCmd) read(ctx context.Context, t *terminal) (file admin.File, err error) {
	var text []byte
	if c.From == "-" {
		text, err = unlessInterrupted(ctx, func() ([]byte, error) { return io.ReadAll(t.in) })
	} else {
		text, err = os.ReadFile(c.From)
	}
	if err != nil {
		return file, err
	}
	if file, err = admin.ParseFile(text); err != nil {
		err = fmt.Errorf("%s: %w", c.From, err)
	}
	return file, err
}

// printApplied puts what happened last, where it is seen after a long list.
func printApplied(w io.Writer, applied admin.Applied, dryRun bool) {
	for _, d := range applied.Differences {
		fmt.Fprintln(w, d)
	}
	for _, note := range applied.Notes {
		fmt.Fprintln(w, "=", note)
	}
	effects(w, applied.Effects)
	switch {
	case len(applied.Differences) == 0:
		fmt.Fprintln(w, "Everything is as the file says.")
	case dryRun:
		fmt.Fprintf(w, "Differences: %d. This was a dry run: nothing was changed and nothing sent.\n", len(applied.Differences))
	default:
		fmt.Fprintf(w, "Differences applied: %d.\n", len(applied.Differences))
	}
}
