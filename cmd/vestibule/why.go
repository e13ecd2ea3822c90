package main

import (
	"context"
	"fmt"
	"io"

	"github.com/vestibule-id/vestibule/admin"
	"github.com/vestibule-id/vestibule/identity"
)

type whyCmd struct {
	Email   string `arg:"" help:"The person's address."`
	Account string `arg:"" help:"Slug or id."`
}

// Help implements kong.HelpProvider.
func (whyCmd) Help() string {
	return `Prints what a login of this person to this account has to prove next, with nothing proven, with a password, with a code, and in every session the person has open. It asks the same rule the login page asks, and changes nothing.

Example:

    vestibule why ada@example.com acme`
}

// caseView is one situation as it is printed.
type caseView struct {
	Situation string        `json:"situation"`
	Step      identity.Step `json:"step"`
	Reason    string        `json:"reason"`
	AMR       []string      `json:"amr,omitempty"`
	ACR       string        `json:"acr,omitempty"`
}

// Run implements the command.
func (c *whyCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	office, err := config.open(ctx, t)
	if err != nil {
		return err
	}
	defer office.Close()
	x, err := office.Why(ctx, c.Email, c.Account)
	if err != nil {
		return err
	}
	m, belongs := x.Person.Membership(x.Account.ID)
	view := struct {
		User          userView      `json:"user"`
		Account       accountView   `json:"account"`
		Role          identity.Role `json:"role,omitempty"`
		Asked         bool          `json:"second_factor_required"`
		Authenticator string        `json:"authenticator"`
		Cases         []caseView    `json:"cases"`
	}{viewUser(x.Person.User), viewAccount(x.Account), m.Role, belongs && m.RequiresSecondFactor(), authenticatorOf(x.Person),
		viewAll(x.Cases, func(c admin.Case) caseView {
			return caseView{c.Situation, c.Decision.Step, c.Decision.Reason, c.Decision.AMR, c.Decision.ACR}
		})}
	return t.show(view, func(w io.Writer) {
		printPlace(w, x, m, belongs)
		row(w, "PROVEN", "NEXT", "BECAUSE")
		for _, c := range view.Cases {
			row(w, c.Situation, c.Step, c.Reason)
		}
	})
}

// printPlace says how the person stands in the account.
func printPlace(w io.Writer, x admin.Explanation, m identity.Membership, belongs bool) {
	if !belongs {
		fmt.Fprintf(w, "%s does not belong to %s.\n\n", x.Person.Email, x.Account.Slug)
		return
	}
	asks := "does not ask"
	if m.RequiresSecondFactor() {
		asks = "asks"
	}
	fmt.Fprintf(w, "%s is %s of %s, which %s that role for a second factor (two-factor: %s, switching: %s). Authenticator: %s.\n\n",
		x.Person.Email, m.Role, x.Account.Slug, asks, x.Account.TwoFactor, x.Account.Switching, authenticatorOf(x.Person))
}
