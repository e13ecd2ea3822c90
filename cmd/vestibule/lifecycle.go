package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

// aboutUser is a command that does one thing to one person and prints them as they are then, and notes for people.
func aboutUser(ctx context.Context, config *Config, t *terminal, act func(*office) (identity.User, error), notes ...string) error {
	office, err := config.open(ctx, t)
	if err != nil {
		return err
	}
	defer office.Close()
	user, err := act(office)
	if err != nil {
		return err
	}
	view := viewUser(user)
	return t.show(view, func(w io.Writer) {
		userHeader(w)
		view.row(w)
		for _, note := range notes {
			fmt.Fprintln(w, note)
		}
	})
}

type userDisableCmd struct {
	Email string `arg:"" help:"The person's address."`
}

// Help implements kong.HelpProvider.
func (userDisableCmd) Help() string {
	return `Nobody can log in as a disabled person, and what they have open in browsers and products ends within a second, on every server. Their accounts, password and authenticator stay as they are.

Example:

    vestibule user disable ada@example.com`
}

// Run implements the command.
func (c *userDisableCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	return aboutUser(ctx, config, t, func(o *office) (identity.User, error) { return o.DisableUser(ctx, c.Email) })
}

type userEnableCmd struct {
	Email string `arg:"" help:"The person's address."`
}

// Help implements kong.HelpProvider.
func (userEnableCmd) Help() string {
	return `The person logs in with the password and the authenticator they had. Nothing that was open before works again.

Example:

    vestibule user enable ada@example.com`
}

// Run implements the command.
func (c *userEnableCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	return aboutUser(ctx, config, t, func(o *office) (identity.User, error) { return o.EnableUser(ctx, c.Email) })
}

type userUnlockCmd struct {
	Email string `arg:"" help:"The person's address."`
}

// Help implements kong.HelpProvider.
func (userUnlockCmd) Help() string {
	return `Wrong passwords and codes make the next try wait, for a quarter of an hour at the most. This sets the counters to zero. An authenticator that a hundred wrong codes have switched off stays off.

Example:

    vestibule user unlock ada@example.com`
}

// Run implements the command.
func (c *userUnlockCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	return aboutUser(ctx, config, t, func(o *office) (identity.User, error) { return o.UnlockUser(ctx, c.Email) })
}

// sessionView is a session as it is printed. Its id proves nothing.
type sessionView struct {
	ID        identity.SessionID `json:"id"`
	CreatedAt time.Time          `json:"created_at"`
	SeenAt    time.Time          `json:"seen_at"`
	Address   string             `json:"address"`
	UserAgent string             `json:"user_agent"`
	Proofs    []string           `json:"proofs"`
	Accounts  int                `json:"accounts"` // entered and not left
}

func viewSession(s identity.Session) sessionView {
	v := sessionView{s.ID, s.CreatedAt, s.SeenAt, s.Address, s.UserAgent, []string{}, 0}
	for _, p := range s.Proofs {
		v.Proofs = append(v.Proofs, string(p.Method))
	}
	for _, e := range s.Entries {
		if e.EndedAt.IsZero() {
			v.Accounts++
		}
	}
	return v
}

type userSessionsCmd struct {
	Email string `arg:"" help:"The person's address."`
}

// Help implements kong.HelpProvider.
func (userSessionsCmd) Help() string {
	return `Example:

    vestibule user sessions ada@example.com`
}

// Run implements the command.
func (c *userSessionsCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	read := func(o *office) ([]identity.Session, error) {
		_, open, err := o.Sessions(ctx, c.Email)
		return open, err
	}
	return listed(ctx, config, t, read, viewSession,
		func(w io.Writer) { row(w, "SINCE", "LAST SEEN", "FROM", "PROVEN", "ACCOUNTS", "ID") },
		func(v sessionView, w io.Writer) {
			row(w, day(v.CreatedAt), day(v.SeenAt), v.Address, strings.Join(v.Proofs, " "), v.Accounts, v.ID)
		})
}

type userRemoveSessionsCmd struct {
	Email   string             `arg:"" help:"The person's address."`
	Session identity.SessionID `placeholder:"ID" help:"End this session only; without it, all of them and what products hold."`
}

// Help implements kong.HelpProvider.
func (userRemoveSessionsCmd) Help() string {
	return `The person can log in again at once; to shut them out, use vestibule user disable.

Example:

    vestibule user remove-sessions ada@example.com
    vestibule user remove-sessions ada@example.com --session 01936f2e-7a58-7bd4-9b5c-3f0b8f0f6a11`
}

// Run implements the command.
func (c *userRemoveSessionsCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	office, err := config.open(ctx, t)
	if err != nil {
		return err
	}
	defer office.Close()
	removed, err := office.RemoveSessions(ctx, c.Email, c.Session)
	if err != nil {
		return err
	}
	view := struct {
		Removed int `json:"removed"`
	}{removed}
	return t.show(view, func(w io.Writer) { fmt.Fprintf(w, "Sessions ended: %d.\n", removed) })
}
