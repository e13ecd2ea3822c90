package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/vestibule-id/vestibule/admin"
	"github.com/vestibule-id/vestibule/identity"
)

// accountCmd is the commands about accounts.
type accountCmd struct {
	Add        accountAddCmd        `cmd:"" help:"Add an account."`
	List       accountListCmd       `cmd:"" help:"List all accounts."`
	Require2FA accountRequire2FACmd `cmd:"" name:"require-2fa" help:"Set whom an account asks for a second factor."`
	Members    accountMembersCmd    `cmd:"" help:"List, add and remove the members of an account."`
}

// accountView is an account as it is printed.
type accountView struct {
	ID        identity.AccountID     `json:"id"`
	Slug      string                 `json:"slug"`
	Name      string                 `json:"name"`
	TwoFactor identity.TwoFactor     `json:"two_factor"`
	Switching identity.Switching     `json:"switching"`
	Reset     identity.ResetPolicy   `json:"reset"`
	Passkeys  identity.PasskeyPolicy `json:"passkeys"`
	CreatedAt time.Time              `json:"created_at"`
	UpdatedAt time.Time              `json:"updated_at"`
}

// viewAccount is a plain conversion, and stops compiling when a field is added that nobody prints.
func viewAccount(a identity.Account) accountView { return accountView(a) }

func (v accountView) row(w io.Writer) {
	row(w, v.Slug, v.Name, v.TwoFactor, v.Switching, v.Reset, v.Passkeys, v.ID)
}

func accountHeader(w io.Writer) {
	row(w, "SLUG", "NAME", "TWO-FACTOR", "SWITCHING", "RESET", "PASSKEYS", "ID")
}

// accountAddCmd has no --id: ids are made, and stay.
type accountAddCmd struct {
	Slug      string `arg:"" help:"Short name, for URLs and scopes: a-z, 0-9 and dashes."`
	Name      string `arg:"" help:"What people call it."`
	TwoFactor string `placeholder:"MODE" help:"Whom it asks for a second factor: off, all, admins or members."`
	Switching string `placeholder:"POLICY" help:"What it asks of a session opened for another account: relogin, step_up or accept_session."`
	Reset     string `placeholder:"POLICY" help:"What a forgotten password needs besides the mailbox: prove or mailbox."`
	Passkeys  string `placeholder:"POLICY" help:"Whether a passkey is a second factor here: allowed or refused."`
}

// Help implements kong.HelpProvider.
func (accountAddCmd) Help() string {
	return `Example:

    vestibule account add acme "Acme Media"
    vestibule account add acme "Acme Media" --two-factor all`
}

// Run implements the command.
func (c *accountAddCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	office, err := config.open(ctx, t)
	if err != nil {
		return err
	}
	defer office.Close()
	account, err := office.AddAccount(ctx, admin.NewAccount{
		Slug: c.Slug, Name: c.Name, TwoFactor: identity.TwoFactor(c.TwoFactor),
		Switching: identity.Switching(c.Switching), Reset: identity.ResetPolicy(c.Reset), Passkeys: identity.PasskeyPolicy(c.Passkeys),
	})
	if err != nil {
		return err
	}
	view := viewAccount(account)
	return t.show(view, func(w io.Writer) { accountHeader(w); view.row(w) })
}

type accountListCmd struct{}

// Help implements kong.HelpProvider.
func (accountListCmd) Help() string {
	return `Example:

    vestibule account list
    vestibule account list --json`
}

// Run implements the command.
func (c *accountListCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	return listed(ctx, config, t, func(o *office) ([]identity.Account, error) { return o.Accounts(ctx) },
		viewAccount, accountHeader, accountView.row)
}

// listed shows records, one a row.
func listed[T, V any](ctx context.Context, config *Config, t *terminal, read func(*office) ([]T, error), view func(T) V, header func(io.Writer), row func(V, io.Writer)) error {
	office, err := config.open(ctx, t)
	if err != nil {
		return err
	}
	defer office.Close()
	all, err := read(office)
	if err != nil {
		return err
	}
	views := viewAll(all, view)
	return t.show(views, func(w io.Writer) {
		header(w)
		for _, v := range views {
			row(v, w)
		}
	})
}

// viewAll never returns nil, so that JSON says [] and not null.
func viewAll[T, V any](all []T, view func(T) V) []V {
	views := make([]V, len(all))
	for i, v := range all {
		views[i] = view(v)
	}
	return views
}

// accountRequire2FACmd takes the mode as a word and not as flags, because exactly one holds.
type accountRequire2FACmd struct {
	Account string `arg:"" help:"Slug or id."`
	Mode    string `arg:"" optional:"" default:"all" help:"all members, admins (and owners) alone, members alone, or off."`
}

// Help implements kong.HelpProvider.
func (accountRequire2FACmd) Help() string {
	return `Members who are newly asked get a letter. What they have open without a code ends at once, for this account alone. Setting the mode an account already has does nothing.

Example:

    vestibule account require-2fa acme
    vestibule account require-2fa acme admins
    vestibule account require-2fa acme off`
}

// Run implements the command.
func (c *accountRequire2FACmd) Run(ctx context.Context, config *Config, t *terminal) error {
	if err := config.need("issuer"); err != nil {
		return err
	}
	office, err := config.open(ctx, t)
	if err != nil {
		return err
	}
	defer office.Close()
	report, err := office.RequireTwoFactor(ctx, c.Account, identity.TwoFactor(c.Mode))
	if err != nil {
		return err
	}
	view := struct {
		Account accountView        `json:"account"`
		Before  identity.TwoFactor `json:"before"`
		Effects admin.Effects      `json:"effects"`
	}{viewAccount(report.Account), report.Before, report.Effects}
	return t.show(view, func(w io.Writer) {
		if report.Before == report.Account.TwoFactor {
			fmt.Fprintf(w, "%s: two-factor authentication is %s, as it was. Nothing was changed, nobody was written to.\n", report.Account.Slug, report.Before)
			return
		}
		fmt.Fprintf(w, "%s: two-factor authentication was %s and is %s.\n", report.Account.Slug, report.Before, report.Account.TwoFactor)
		effects(w, report.Effects)
	})
}
