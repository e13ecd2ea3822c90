package login

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// accountsPath is the tab with the accounts a person belongs to; below it, by slug, are the pages of those they own.
const accountsPath = "/settings/accounts"

// OwnerActs is what the owner of an account does to it: the acts of an operator, done by somebody who may do them to this account
// alone. Each is one transaction, in which it is judged again whether they may.
type OwnerActs struct {
	Invite           func(ctx context.Context, account, email string, role identity.Role) error
	ChangeRole       func(ctx context.Context, account, email string, role identity.Role) (OwnerEffects, error)
	Remove           func(ctx context.Context, account, email string) (OwnerEffects, error)
	RequireTwoFactor func(ctx context.Context, account string, mode identity.TwoFactor) (OwnerEffects, error)
	// Preview says what RequireTwoFactor would do, and does nothing.
	Preview func(ctx context.Context, account string, mode identity.TwoFactor) (OwnerEffects, error)
}

// OwnerEffects is what an act does besides what it was asked for.
type OwnerEffects struct {
	Invited       int // letters with a link to set up an app
	Informed      int // letters that there is nothing to do
	SessionsEnded int // browsers that are in the account and will not be any more
	GrantsRevoked int // products that have to log in again
}

// routeAccounts serves the tab.
func (d *Door) routeAccounts(r chi.Router) {
	r.Get(accountsPath, d.own(d.showOwnAccounts))
	if d.cfg.Owner == nil {
		return
	}
	r.Get(accountsPath+"/{slug}", d.fresh(d.showOwnAccount))
	r.Post(accountsPath+"/{slug}/invite", d.fresh(d.submitInvite))
	r.Post(accountsPath+"/{slug}/role", d.fresh(d.submitRole))
	r.Post(accountsPath+"/{slug}/remove", d.fresh(d.submitRemove))
	r.Post(accountsPath+"/{slug}/remind", d.fresh(d.submitRemind))
	r.Get(accountsPath+"/{slug}/two-factor/{mode}", d.fresh(d.showAccountTwoFactor))
	r.Post(accountsPath+"/{slug}/two-factor/{mode}", d.fresh(d.submitAccountTwoFactor))
}

// mayOwn reports whether a person may act as the owner of a place. An account that asks for a second factor is not managed by
// somebody who has none yet: their password alone would be enough to stop asking.
func mayOwn(p identity.Person, m identity.Membership) bool {
	return m.Role == identity.RoleOwner && (!m.RequiresSecondFactor() || p.CanProve(m.Account))
}

// showOwnAccounts lists where the person belongs.
func (d *Door) showOwnAccounts(w http.ResponseWriter, r *http.Request, v visit) error {
	page := templates.OwnAccounts{Head: settingsHead(v, templates.TabAccounts)}
	page.Head.Saved = r.URL.Query().Has("saved")
	for _, m := range v.person.Memberships {
		place := templates.OwnAccount{Name: m.Account.Name, Slug: m.Account.Slug, Role: templates.Role(m.Role), AsksCode: m.RequiresSecondFactor()}
		if d.cfg.Owner != nil && mayOwn(v.person, m) {
			place.ManageURL = accountsPath + "/" + m.Account.Slug
			page.RecoveriesURL = recoveriesPath
		}
		place.SetUpFirst = m.Role == identity.RoleOwner && place.ManageURL == ""
		page.Accounts = append(page.Accounts, place)
	}
	return d.showOwn(w, r, v, page)
}

// owned returns the account that the URL names, if the person owns it; for all others there is none.
func owned(r *http.Request, v visit) (identity.Account, error) {
	m, belongs := membershipNamed(v.person, chi.URLParam(r, "slug"))
	if !belongs || !mayOwn(v.person, m) {
		return identity.Account{}, problem{http.StatusNotFound}
	}
	return m.Account, nil
}

// ownerActs are the acts of the caller on an account. Whether they may is judged in the transaction of each: they may have been logged
// out, or lost the account, since the page was made.
func (d *Door) ownerActs(r *http.Request, v visit, account identity.AccountID) OwnerActs {
	c, now := d.self(r), d.cfg.Now()
	by := c.Origin
	by.Actor = identity.ActorUser(v.person.ID)
	return d.cfg.Owner(by, func(ctx context.Context, tx *storage.Tx) error {
		v, err := look(ctx, tx.Queries, c, now)
		if err == nil {
			err = mustBeFresh(v, now)
		}
		if err != nil {
			return err
		}
		if m, belongs := v.person.Membership(account); !belongs || !mayOwn(v.person, m) {
			return problem{http.StatusNotFound}
		}
		return nil
	})
}

// ownAccountPage shows an account to its owner.
func (d *Door) ownAccountPage(ctx context.Context, v visit, a identity.Account, no refused) (templates.ManageAccount, error) {
	page := templates.ManageAccount{
		Head: settingsHead(v, templates.TabAccounts), Name: a.Name, URL: accountsPath + "/" + a.Slug, TwoFactor: templates.WhomToAsk(a.TwoFactor),
		RecoveriesURL: recoveriesPath, BackURL: accountsPath, Refusal: no.Reason, Wait: no.Wait,
	}
	people, err := d.cfg.DB.PeopleOf(ctx, a.ID, d.cfg.Now())
	for _, p := range people {
		m := p.Memberships[0]
		page.Members = append(page.Members, templates.Member{
			Name: p.Name, Email: p.Email, Role: templates.Role(m.Role), Self: p.ID == v.person.ID,
			Invited: p.PasswordHash == "", AsksCode: m.RequiresSecondFactor(), HasCode: p.CanProve(a), Disabled: p.Disabled(),
		})
	}
	return page, err
}

func (d *Door) showOwnAccount(w http.ResponseWriter, r *http.Request, v visit) error {
	a, err := owned(r, v)
	if err != nil {
		return err
	}
	page, err := d.ownAccountPage(r.Context(), v, a, refused{})
	if err != nil {
		return err
	}
	page.Head.Saved = r.URL.Query().Has("saved")
	return d.showOwn(w, r, v, page)
}

// ownerRefusals say in words which rule an act has broken.
var ownerRefusals = []struct {
	rule   error
	reason templates.Refusal
}{
	{identity.ErrLastOwner, templates.LastOwner},
	{identity.ErrMember, templates.AlreadyMember},
	{identity.ErrTooSoon, templates.InvitedJustNow},
	{identity.ErrEmail, templates.EmailRefused},
}

// manage does one act on an account and goes back to its page, or shows there why it was refused. Who has taken themselves out goes back
// to the list.
func (d *Door) manage(w http.ResponseWriter, r *http.Request, v visit, act func(OwnerActs, identity.Account) error) error {
	a, err := owned(r, v)
	if err != nil {
		return err
	}
	err = act(d.ownerActs(r, v, a.ID), a)
	for _, no := range ownerRefusals {
		if errors.Is(err, no.rule) {
			page, err := d.ownAccountPage(r.Context(), v, a, refused{Reason: no.reason})
			if err != nil {
				return err
			}
			return comesBack{page, v.words(), refused{Reason: no.reason}}
		}
	}
	if err != nil && !errors.Is(err, errOutdated) {
		return err
	}
	return seeOther(w, r, accountsPath+"/"+a.Slug+"?saved")
}

// submitInvite invites an address.
func (d *Door) submitInvite(w http.ResponseWriter, r *http.Request, v visit) error {
	role, err := roleIn(r)
	if err != nil {
		return err
	}
	return d.manage(w, r, v, func(acts OwnerActs, a identity.Account) error {
		folded, err := identity.FoldEmail(r.PostForm.Get(templates.FieldEmail))
		if err != nil {
			return err
		}
		return acts.Invite(r.Context(), a.Slug, folded, role)
	})
}

// submitRemind writes once more to a member who was invited.
func (d *Door) submitRemind(w http.ResponseWriter, r *http.Request, v visit) error {
	return d.manageMember(w, r, v, true, func(acts OwnerActs, a identity.Account, member identity.Person) error {
		return acts.Invite(r.Context(), a.Slug, member.Email, member.Memberships[0].Role)
	})
}

// submitRole changes what a member may do.
func (d *Door) submitRole(w http.ResponseWriter, r *http.Request, v visit) error {
	role, err := roleIn(r)
	if err != nil {
		return err
	}
	return d.manageMember(w, r, v, role == identity.RoleOwner, func(acts OwnerActs, a identity.Account, member identity.Person) error {
		_, err := acts.ChangeRole(r.Context(), a.Slug, member.Email, role)
		return err
	})
}

// submitRemove takes a member out.
func (d *Door) submitRemove(w http.ResponseWriter, r *http.Request, v visit) error {
	return d.manageMember(w, r, v, false, func(acts OwnerActs, a identity.Account, member identity.Person) error {
		_, err := acts.Remove(r.Context(), a.Slug, member.Email)
		return err
	})
}

// manageMember does an act on one member, who is named by their address. stays says that the owner keeps the account even if it
// is them.
func (d *Door) manageMember(w http.ResponseWriter, r *http.Request, v visit, stays bool, act func(OwnerActs, identity.Account, identity.Person) error) error {
	a, err := owned(r, v)
	if err != nil {
		return err
	}
	people, err := d.cfg.DB.PeopleOf(r.Context(), a.ID, d.cfg.Now())
	if err != nil {
		return err
	}
	email := r.PostForm.Get(templates.FieldMember)
	i := slices.IndexFunc(people, func(p identity.Person) bool { return p.Email == email })
	if i < 0 {
		return problem{http.StatusNotFound} // gone meanwhile, or never here
	}
	err = d.manage(w, r, v, func(acts OwnerActs, a identity.Account) error {
		err := act(acts, a, people[i])
		if err == nil && people[i].ID == v.person.ID && !stays {
			return errLeft
		}
		return err
	})
	if errors.Is(err, errLeft) {
		return seeOther(w, r, accountsPath+"?saved")
	}
	return err
}

// errLeft says that an owner has given up the account whose page they were on.
var errLeft = errors.New("the owner has left the account")

// roleIn is the role that a form names. Nothing but our own pages sends another one than those there are.
func roleIn(r *http.Request) (identity.Role, error) {
	role := identity.Role(r.PostForm.Get(templates.FieldRole))
	if role.Validate() != nil {
		return role, problem{http.StatusBadRequest}
	}
	return role, nil
}
