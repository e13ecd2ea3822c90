package login

import (
	"context"
	"errors"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/templates"
)

// hashNew judges a password that a person chooses and returns its hash, or is refused with the reason. The caller counts the attempt: a
// hash is expensive.
func (d *Door) hashNew(ctx context.Context, p identity.Person, password string) (phc string, err error) {
	if err := d.checkNew(ctx, p, password); err != nil {
		return "", err
	}
	return d.cfg.Hasher.Hash(ctx, password)
}

// checkNew applies the rules for new passwords, with all that an attacker knows about the person: their address and name, and
// the names of the products and of their accounts.
func (d *Door) checkNew(ctx context.Context, p identity.Person, password string) error {
	if password == "" {
		return refused{Reason: templates.PasswordMissing}
	}
	clients, err := d.cfg.DB.Clients(ctx)
	if err != nil {
		return err
	}
	known := identity.PasswordContext{Min: d.cfg.PasswordMin, Email: p.Email, Name: p.Name, Products: []string{d.cfg.Product}}
	for _, c := range clients {
		known.Products = append(known.Products, c.Name)
	}
	for _, m := range p.Memberships {
		known.Accounts = append(known.Accounts, m.Account.Name, m.Account.Slug)
	}
	if no := (*identity.PasswordRefusal)(nil); errors.As(identity.CheckNewPassword(password, known), &no) {
		return refused{Reason: passwordRefusals[no.Reason]}
	}
	return nil
}

// passwordRefusals say in words which rule a new password breaks (SECURITY R3).
var passwordRefusals = map[identity.PasswordReason]templates.Refusal{
	identity.PasswordTooShort:   templates.PasswordTooShort,
	identity.PasswordTooLong:    templates.PasswordTooLong,
	identity.PasswordNotText:    templates.PasswordNotText,
	identity.PasswordCommon:     templates.PasswordTooCommon,
	identity.PasswordHasEmail:   templates.PasswordHasEmail,
	identity.PasswordHasName:    templates.PasswordHasName,
	identity.PasswordHasProduct: templates.PasswordHasProduct,
	identity.PasswordHasAccount: templates.PasswordHasAccount,
}
