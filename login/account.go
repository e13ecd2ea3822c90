package login

import (
	"context"
	"errors"
	"net/http"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// accountPage lists the person's accounts. Where the client has named one that is not theirs there
// is nothing to choose, and the page says so in the words it has for an account nobody knows.
func accountPage(v visit, no refused) templates.ChooseAccount {
	p := templates.ChooseAccount{
		Action: withRequest("/login/account", v.request.ID), Email: v.person.Email, ClientName: v.client.Name,
		LogoutURL: "/logout", Refusal: no.Reason,
	}
	if v.request.Wants.AccountFixed {
		return p
	}
	for _, m := range v.person.Memberships {
		p.Accounts = append(p.Accounts, templates.AccountChoice{
			Name: m.Account.Name, Slug: m.Account.Slug, Role: templates.Role(m.Role), AsksCode: m.RequiresSecondFactor(),
		})
	}
	return p
}

// showAccounts is a page with an error's status where there is nothing to choose from.
func (d *Door) showAccounts(w http.ResponseWriter, r *http.Request, v visit) error {
	if v.request.Wants.AccountFixed || len(v.person.Memberships) == 0 {
		return d.write(w, r, http.StatusForbidden, accountPage(v, refused{Reason: templates.AccountNotAvailable}), v.request)
	}
	return d.show(w, r, accountPage(v, refused{}), v.request)
}

// submitAccount takes the slug of the button that was pressed.
func (d *Door) submitAccount(w http.ResponseWriter, r *http.Request) error {
	v, err := d.visit(r)
	if err != nil {
		return err
	}
	err = d.ChooseAccount(r.Context(), d.caller(r), r.PostForm.Get(templates.FieldAccount))
	if no := (refused{}); errors.As(err, &no) {
		return comesBack{accountPage(v, no), v.request, no}
	}
	if err != nil && !errors.Is(err, errOutdated) {
		return err
	}
	return d.next(w, r, Cookie{})
}

// ChooseAccount stores which of the person's accounts a request is for. One the client has named
// cannot be changed. What the account asks for is decided after that; if it is an app that nobody
// has set up, the link is mailed.
func (d *Door) ChooseAccount(ctx context.Context, c Caller, slug string) error {
	now := d.cfg.Now()
	return d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		v, err := look(ctx, tx.Queries, c, now)
		if err != nil {
			return err
		}
		if v.request.ID == "" || !v.signedIn() {
			return errOutdated
		}
		chosen, member := membershipNamed(v.person, slug)
		if !member || !v.request.Choose(chosen.Account.ID) {
			return refused{Reason: templates.AccountNotAvailable}
		}
		if err := tx.SaveChoice(ctx, v.request); err != nil {
			return err
		}
		return d.inviteIfDue(ctx, tx, c, v.person, v.session, v.request, now)
	})
}

// membershipNamed looks among the person's own accounts only, so that the answer for somebody else's
// account is the answer for none.
func membershipNamed(p identity.Person, slug string) (identity.Membership, bool) {
	for _, m := range p.Memberships {
		if m.Account.Slug == slug {
			return m, true
		}
	}
	return identity.Membership{}, false
}
