package main

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/admin"
	"github.com/vestibule-id/vestibule/identity"
)

// linkWaits is said where nothing else tells that a letter is sent.
const linkWaits = "The link is in the outbox. The server delivers it."

type userResetCmd struct {
	Email string `arg:"" help:"The person's address."`
}

// Help implements kong.HelpProvider.
func (userResetCmd) Help() string {
	return `Mails the link to a new password, as Forgot Password? on the login page does. Nobody but the person sets or learns the password, and what their accounts want beside the mailbox they still have to prove.

Example:

    vestibule user reset ada@example.com`
}

// Run implements the command.
func (c *userResetCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	if err := config.need("issuer"); err != nil {
		return err
	}
	return aboutUser(ctx, config, t, func(o *office) (identity.User, error) { return o.StartReset(ctx, c.Email) }, linkWaits)
}

type userRecoverCmd struct {
	Email   string `arg:"" help:"The person's address."`
	Reason  string `required:"" placeholder:"TEXT" help:"How you know that it is them, or why not. Kept in the audit trail."`
	Decline bool   `help:"Decline what the person has asked for."`
}

// Help implements kong.HelpProvider.
func (userRecoverCmd) Help() string {
	return `Lets a person who has lost the authenticator, the recovery codes and all passkeys choose a new password without them: a link that lasts 24 hours goes to their mailbox. Whoever reads that mailbox could have asked instead of them, so talk to the person first.

Example:

    vestibule user recover ada@example.com --reason "called her on her own number"
    vestibule user recover ada@example.com --reason "she knows nothing about it" --decline`
}

// Run implements the command.
func (c *userRecoverCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	if err := config.need("issuer"); err != nil {
		return err
	}
	if c.Decline {
		return aboutUser(ctx, config, t, func(o *office) (identity.User, error) { return o.DeclineRecovery(ctx, c.Email, c.Reason) })
	}
	return aboutUser(ctx, config, t, func(o *office) (identity.User, error) { return o.ApproveRecovery(ctx, c.Email, c.Reason) }, linkWaits)
}

type userRecoveriesCmd struct{}

// Help implements kong.HelpProvider.
func (userRecoveriesCmd) Help() string {
	return `These people say that they have lost their authenticator. The owner of all their accounts can decide about it in Settings; where there is no such owner, or it is the person themselves, you have to.

Example:

    vestibule user recoveries`
}

// recoveryView is a request as it is printed.
type recoveryView struct {
	Email    string    `json:"email"`
	Name     string    `json:"name"`
	Accounts []string  `json:"accounts"`
	AskedAt  time.Time `json:"asked_at"`
	Address  string    `json:"address"`
}

func viewRecovery(r admin.AskedRecovery) recoveryView {
	view := recoveryView{Email: r.Person.Email, Name: r.Person.Name, Accounts: []string{}, AskedAt: r.CreatedAt, Address: r.Address}
	for _, m := range r.Person.Memberships {
		view.Accounts = append(view.Accounts, m.Account.Slug)
	}
	return view
}

// Run implements the command.
func (c *userRecoveriesCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	return listed(ctx, config, t, func(o *office) ([]admin.AskedRecovery, error) { return o.Recoveries(ctx) }, viewRecovery,
		func(w io.Writer) { row(w, "EMAIL", "NAME", "ACCOUNTS", "ASKED", "FROM") },
		func(v recoveryView, w io.Writer) {
			row(w, v.Email, v.Name, strings.Join(v.Accounts, " "), day(v.AskedAt), v.Address)
		})
}
