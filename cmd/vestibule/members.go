package main

import (
	"context"
	"errors"
	"io"

	"github.com/vestibule-id/vestibule/admin"
	"github.com/vestibule-id/vestibule/identity"
)

// accountMembersCmd always ends with the list, so that an operator sees what came of the change.
type accountMembersCmd struct {
	Account string `arg:"" help:"Slug or id."`
	Add     string `placeholder:"EMAIL" xor:"act" help:"Let a person in, or change their role."`
	Remove  string `placeholder:"EMAIL" xor:"act" help:"Take a person out and end what they have open here."`
	Role    string `placeholder:"ROLE" default:"member" help:"With --add: owner, admin or member."`
}

// Help implements kong.HelpProvider.
func (accountMembersCmd) Help() string {
	return `Example:

    vestibule account members acme
    vestibule account members acme --add ada@example.com --role admin
    vestibule account members acme --remove ada@example.com`
}

// Run implements the command.
func (c *accountMembersCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	office, err := config.open(ctx, t)
	if err != nil {
		return err
	}
	defer office.Close()
	done, err := c.change(ctx, office)
	if err != nil {
		return err
	}
	account, people, err := office.Members(ctx, c.Account)
	if err != nil {
		return err
	}
	view := struct {
		Account accountView   `json:"account"`
		Members []memberView  `json:"members"`
		Effects admin.Effects `json:"effects"`
	}{viewAccount(account), viewAll(people, viewMember), done}
	return t.show(view, func(w io.Writer) {
		row(w, "EMAIL", "NAME", "ROLE", "ASKED FOR A CODE", "AUTHENTICATOR")
		for _, m := range view.Members {
			row(w, m.Email, m.Name, m.Role, yesNo(m.Asked), m.Authenticator)
		}
		effects(w, done)
	})
}

// change adds or removes somebody, if that was asked for.
func (c *accountMembersCmd) change(ctx context.Context, office *office) (admin.Effects, error) {
	switch {
	case c.Remove != "":
		return office.RemoveMember(ctx, c.Account, c.Remove)
	case c.Add == "":
		return admin.Effects{}, nil
	}
	_, people, err := office.Members(ctx, c.Account)
	if err != nil {
		return admin.Effects{}, err
	}
	folded, err := identity.FoldEmail(c.Add)
	if err != nil {
		return admin.Effects{}, errors.New("--add takes an e-mail address such as ada@example.com")
	}
	for _, p := range people {
		if p.Email == folded {
			return office.ChangeRole(ctx, c.Account, folded, identity.Role(c.Role))
		}
	}
	return office.AddMember(ctx, c.Account, folded, identity.Role(c.Role))
}

// memberView is a member as they are printed.
type memberView struct {
	ID            identity.UserID `json:"id"`
	Email         string          `json:"email"`
	Name          string          `json:"name"`
	Role          identity.Role   `json:"role"`
	Asked         bool            `json:"second_factor_required"`
	Authenticator string          `json:"authenticator"` // confirmed, passkey, pending or none
}

// viewMember reads the one membership that Members returns.
func viewMember(p identity.Person) memberView {
	m := p.Memberships[0]
	return memberView{p.ID, p.Email, p.Name, m.Role, m.RequiresSecondFactor(), authenticatorOf(p)}
}

// authenticatorOf says passkey for people who have no app besides it, and pending for a QR code that was seen and not yet confirmed by a code.
func authenticatorOf(p identity.Person) string {
	switch {
	case p.Confirmed:
		return "confirmed"
	case p.Passkeys:
		return "passkey"
	case p.Pending:
		return "pending"
	}
	return "none"
}
