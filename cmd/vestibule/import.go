package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/vestibule-id/vestibule/admin"
)

type userImportCmd struct {
	File    string `arg:"" type:"existingfile" help:"One JSON object per line."`
	DryRun  bool   `help:"Say what would be done, and do nothing."`
	Refused string `placeholder:"FILE" help:"Write the refused lines here, to be mended and imported later. It holds what the lines hold: keep it safe."`
}

// Help implements kong.HelpProvider.
func (userImportCmd) Help() string {
	return `Takes people over from another system. Each line is one of them:

    {"email": "ada@example.com", "name": "Ada Park", "password_hash": "$2y$12$...", "totp_secret": "BASE32", "memberships": {"acme": "owner"}}

and may also say email_verified, given_name, family_name, and locale. The accounts must be there. Hashes are argon2, bcrypt, scrypt, pbkdf2 or sha-crypt in PHC or crypt format, sha1$SALT$HEX or {SSHA} for salted SHA-1, or $P$ for phpass; each is replaced at the person's next login. With the TOTP secret nobody has to scan a QR code again. Who joins an account that asks for a code, and has none, is mailed the link.

A line that cannot be taken is reported, and the others go on. An import that was interrupted is run again: what is there already stays as it is.

Example:

    vestibule user import people.jsonl --dry-run
    vestibule user import people.jsonl --refused refused.jsonl`
}

// Run implements the command.
func (c *userImportCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	office, err := config.open(ctx, t)
	if err != nil {
		return err
	}
	defer office.Close()
	done, err := office.Import(ctx, file, c.DryRun, t.bar(file))
	if err != nil {
		return fmt.Errorf("%w; %d people were taken, run it again to go on", interrupted(err), done.Added+done.Changed+done.Unchanged)
	}
	if err := errors.Join(c.keepRefused(done), t.show(done, func(w io.Writer) { c.print(w, done) })); err != nil {
		return err
	}
	if n := len(done.Refused); n > 0 {
		return fmt.Errorf("%d of %d lines were refused", n, done.Lines)
	}
	return nil
}

func (c *userImportCmd) print(w io.Writer, done admin.Imported) {
	verb := "Imported"
	if c.DryRun {
		verb = "Dry run, nothing was changed"
	}
	fmt.Fprintf(w, "%s. Lines: %d. People added: %d, changed: %d, as they were: %d, refused: %d.\n",
		verb, done.Lines, done.Added, done.Changed, done.Unchanged, len(done.Refused))
	for _, note := range done.Notes {
		fmt.Fprintln(w, note)
	}
	if len(done.Refused) > 0 {
		row(w, "LINE", "EMAIL", "REFUSED BECAUSE")
	}
	for _, r := range done.Refused {
		row(w, r.Line, r.Email, r.Problem)
	}
	effects(w, done.Effects)
}

// keepRefused writes the lines as they were, for nobody else to read.
func (c *userImportCmd) keepRefused(done admin.Imported) error {
	if c.Refused == "" {
		return nil
	}
	var lines strings.Builder
	for _, r := range done.Refused {
		lines.Write(r.Text)
		lines.WriteByte('\n')
	}
	file, err := os.OpenFile(c.Refused, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err = file.Chmod(0o600); err == nil { // it may have been there, for everybody to read
		_, err = file.WriteString(lines.String())
	}
	return errors.Join(err, file.Close())
}

// barWidth is how many signs a full bar has.
const barWidth = 30

// bar draws how far the reading of a file has come, where somebody watches.
func (t *terminal) bar(file *os.File) admin.ImportProgress {
	watched, ok := t.errs.(*os.File)
	info, err := file.Stat()
	if !ok || err != nil || info.Size() == 0 || !term.IsTerminal(int(watched.Fd())) {
		return func(int64, admin.Imported) {}
	}
	return func(read int64, soFar admin.Imported) {
		share := min(float64(read)/float64(info.Size()), 1)
		full := int(share * barWidth)
		fmt.Fprintf(watched, "\r[%s%s] %3.0f %%  %d lines, %d refused", strings.Repeat("=", full), strings.Repeat(" ", barWidth-full),
			100*share, soFar.Lines, len(soFar.Refused))
		if share == 1 {
			fmt.Fprintln(watched)
		}
	}
}
