package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/server"
	"github.com/vestibule-id/vestibule/storage"
)

// keysCmd is the commands about keys: the one that seals the database, and those that sign tokens.
type keysCmd struct {
	Init   keysInitCmd   `cmd:"" help:"Make the sealing key, a file that is kept apart from the database."`
	Rotate keysRotateCmd `cmd:"" help:"Make new signing keys; with --revoke at once, because they have leaked."`
	List   keysListCmd   `cmd:"" help:"List the signing keys."`
	Rewrap keysRewrapCmd `cmd:"" help:"Seal the database with the first key of the key file."`
}

// Help implements kong.HelpProvider. Whoever comes here in a hurry must not have to guess which of the commands ends a leaked key.
func (keysCmd) Help() string {
	return `When keys that sign tokens have leaked:

    vestibule keys rotate --revoke

Every server signs with new keys within ten seconds and takes nothing any more that the old ones have signed; products that keep the published keys fetch them anew within five minutes. When the sealing key has leaked, do this as well, and then: vestibule keys rewrap --help`
}

// keysInitCmd takes the path from the settings, so that what is made is what will be used.
type keysInitCmd struct{}

// Help implements kong.HelpProvider.
func (keysInitCmd) Help() string {
	return `The file is readable for its owner alone, and a file that exists is never overwritten: without the key a database was sealed with, nobody can open it again. Keep a copy away from the backups of the database.

Example:

    vestibule keys init --key-file /etc/vestibule/sealing.key`
}

// Run implements the command.
func (c *keysInitCmd) Run(config *Config, t *terminal) error {
	if err := config.need("key_file"); err != nil {
		return err
	}
	file, err := os.OpenFile(config.KeyFile, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("key_file: %s exists and is left alone (remove it yourself if no database was sealed with it)", config.KeyFile)
	}
	if err != nil {
		return fmt.Errorf("key_file: %w", err)
	}
	_, err = fmt.Fprintln(file, storage.NewSealingKey())
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	view := struct {
		KeyFile string `json:"key_file"`
	}{config.KeyFile}
	return t.show(view, func(w io.Writer) {
		fmt.Fprintf(w, "Made %s. Keep a copy away from the database's backups.\n", config.KeyFile)
	})
}

// keyView is a signing key as it is printed: never the key itself.
type keyView struct {
	ID        string             `json:"kid"`
	Algorithm identity.Algorithm `json:"algorithm"`
	State     string             `json:"state"`
	ActiveAt  time.Time          `json:"active_at"`
	ExpiresAt time.Time          `json:"expires_at,omitzero"`
}

// viewKeys says of each key what it is doing now.
func viewKeys(keys []identity.SigningKey, now time.Time) []keyView {
	signs := map[identity.Algorithm]identity.SigningKey{}
	for _, k := range keys {
		if !k.ActiveAt.After(now) && k.Published(now) && !k.ActiveAt.Before(signs[k.Algorithm].ActiveAt) {
			signs[k.Algorithm] = k
		}
	}
	return viewAll(keys, func(k identity.SigningKey) keyView {
		state := "published" // for tokens it signed before
		switch {
		case !k.Published(now):
			state = "gone"
		case k.ID == signs[k.Algorithm].ID:
			state = "signs"
		case k.ActiveAt.After(now):
			state = "next"
		}
		return keyView{k.ID, k.Algorithm, state, k.ActiveAt, k.ExpiresAt}
	})
}

// showKeys reads the clock only to say what each key is doing; nothing is decided by it.
func (t *terminal) showKeys(keys []identity.SigningKey) error {
	views := viewKeys(keys, server.Clock())
	return t.show(views, func(w io.Writer) {
		row(w, "KID", "ALGORITHM", "STATE", "SIGNS FROM", "PUBLISHED UNTIL")
		for _, k := range views {
			row(w, k.ID, k.Algorithm, k.State, day(k.ActiveAt), day(k.ExpiresAt))
		}
	})
}

// keysRotateCmd is for the day when thirty days are too long to wait.
type keysRotateCmd struct {
	Revoke bool `help:"The keys have leaked: the new ones sign now, and what the old ones signed is worth nothing any more."`
}

// Help implements kong.HelpProvider.
func (keysRotateCmd) Help() string {
	return `The server rotates by itself every thirty days. New keys are published at once and sign an hour later, when every product has had time to fetch them. That is too late for keys that have leaked: they are ended with --revoke.

Example:

    vestibule keys rotate
    vestibule keys rotate --revoke`
}

// Run implements the command.
func (c *keysRotateCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	office, err := config.open(ctx, t)
	if err != nil {
		return err
	}
	defer office.Close()
	if _, err := office.RotateKeys(ctx, c.Revoke); err != nil {
		return err
	}
	keys, err := office.Keys(ctx)
	if err != nil {
		return err
	}
	return t.showKeys(keys)
}

type keysListCmd struct{}

// Help implements kong.HelpProvider.
func (keysListCmd) Help() string {
	return `Example:

    vestibule keys list`
}

// Run implements the command.
func (c *keysListCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	office, err := config.open(ctx, t)
	if err != nil {
		return err
	}
	defer office.Close()
	keys, err := office.Keys(ctx)
	if err != nil {
		return err
	}
	return t.showKeys(keys)
}

// keysRewrapCmd is the third of four steps to a new sealing key; none of them stops the server for longer than a restart.
type keysRewrapCmd struct{}

// Help implements kong.HelpProvider.
func (keysRewrapCmd) Help() string {
	return `The key file may hold several keys, one per line: the first one seals, all of them open. To replace the key of a running installation:

  1. Make one with keys init and another --key-file, and put its line below the old one, for every replica; restart them.
  2. Move it to the first line, for every replica; restart them.
  3. Run this command.
  4. Take the old line out, and restart. Keep the old key with the backups that were sealed with it.

A single replica can begin with the second step.

Example:

    vestibule keys rewrap`
}

// Run implements the command.
func (c *keysRewrapCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	office, err := config.open(ctx, t)
	if err != nil {
		return err
	}
	defer office.Close()
	done, err := office.RewrapSecrets(ctx)
	if err != nil {
		return err
	}
	view := struct {
		Sealed     int `json:"sealed"`
		Unreadable int `json:"unreadable"`
	}{done.Sealed, done.Unreadable}
	return t.show(view, func(w io.Writer) {
		fmt.Fprintf(w, "%d values were sealed anew.\n", done.Sealed)
		if done.Unreadable > 0 {
			fmt.Fprintf(w, "%d values cannot be opened with any key of the file, and are left as they are.\n", done.Unreadable)
			return
		}
		fmt.Fprintln(w, "Nothing needs the other keys of the file any more.")
	})
}
