package login

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// showSignedIn is for a person who is logged in and on the way to nowhere in particular.
func (d *Door) showSignedIn(w http.ResponseWriter, r *http.Request, v visit) error {
	clients, err := d.cfg.DB.Clients(r.Context())
	if err != nil {
		return err
	}
	page := templates.SignedIn{Name: v.person.Name, Email: v.person.Email, SettingsURL: settingsPath, LogoutAction: "/logout"}
	for _, c := range clients {
		if c.InitiateLoginURI != "" {
			page.Products = append(page.Products, templates.ProductLink{Name: c.Name, URL: c.InitiateLoginURI})
		}
	}
	return d.show(w, r, page, identity.AuthorizationRequest{})
}

// showLogout asks; who is not logged in is told so.
func (d *Door) showLogout(w http.ResponseWriter, r *http.Request) error {
	return d.confirmLogout(w, r, nil)
}

// confirmLogout is the question, or the answer to it where there is nothing left to ask.
func (d *Door) confirmLogout(w http.ResponseWriter, r *http.Request, client *identity.Client) error {
	session, err := d.Session(r)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !session.EndedAt.IsZero() {
		return d.loggedOut(w, r, client)
	}
	if err != nil {
		return err
	}
	person, err := d.cfg.DB.Person(r.Context(), session.UserID, d.cfg.Now())
	if err != nil {
		return err
	}
	page := templates.ConfirmLogout{
		Action: "/logout", Email: person.Email, StayURL: d.LoginURL(""), Accounts: logoutChoices(session, person),
	}
	if client != nil {
		page.ClientName = client.Name
	}
	return d.show(w, r, page, identity.AuthorizationRequest{})
}

// logoutChoices are the accounts entered in a session, unless there is but one: to leave that is to log out.
func logoutChoices(s identity.Session, p identity.Person) (choices []templates.LogoutChoice) {
	for _, m := range p.Memberships {
		if _, entered := s.LiveEntry(m.Account.ID); entered {
			choices = append(choices, templates.LogoutChoice{Name: m.Account.Name, Slug: m.Account.Slug})
		}
	}
	if len(choices) < 2 {
		return nil
	}
	return choices
}

// loggedOut leads back to a page of the client that is registered for it; nowhere else, because a
// link from here would look like our word for it.
func (d *Door) loggedOut(w http.ResponseWriter, r *http.Request, client *identity.Client) error {
	page := templates.LoggedOut{LoginURL: d.LoginURL("")}
	if client != nil {
		page.ClientName = client.Name
		if len(client.PostLogoutURIs) > 0 {
			page.ReturnURL = client.PostLogoutURIs[0]
		}
	}
	return d.show(w, r, page, identity.AuthorizationRequest{})
}

// submitLogout drops the cookie once the session has ended, and not before.
func (d *Door) submitLogout(w http.ResponseWriter, r *http.Request) error {
	if slug := r.PostForm.Get(templates.FieldAccount); slug != "" {
		return d.submitLeave(w, r, slug)
	}
	if err := d.LogOut(r.Context(), d.caller(r)); err != nil {
		return err
	}
	d.Forget(w)
	return seeOther(w, r, "/logout") // which now says that it is done
}

// submitLeave is "Log out of this account". With the last account the session ends, too.
func (d *Door) submitLeave(w http.ResponseWriter, r *http.Request, slug string) error {
	stays, err := d.LeaveAccount(r.Context(), d.caller(r), slug)
	if err != nil {
		return err
	}
	if stays {
		return seeOther(w, r, d.LoginURL(""))
	}
	d.Forget(w)
	return seeOther(w, r, "/logout")
}

// LeaveAccount ends one account in a session, with what clients were given for it. The code that was given
// for it is forgotten; other accounts stay entered, and if there are none the session ends. An account
// that is not entered is left already.
func (d *Door) LeaveAccount(ctx context.Context, c Caller, slug string) (stays bool, err error) {
	now := d.cfg.Now()
	err = d.cfg.DB.WriteAnyway(ctx, func(tx *storage.Tx) error {
		stays = false
		v, err := look(ctx, tx.Queries, Caller{Session: c.Session}, now)
		if err != nil || v.session.ID == "" || !v.session.EndedAt.IsZero() {
			return err
		}
		member, _ := membershipNamed(v.person, slug)
		entry, entered := v.session.LiveEntry(member.Account.ID)
		if stays = true; !entered {
			return nil
		}
		if stays = v.session.Leave(member.Account.ID); !stays {
			return endSession(ctx, tx, c, v.session, now)
		}
		event := c.by(v.session.UserID, identity.EventSessionEnded, now)
		event.AccountID, event.Detail = member.Account.ID, "left the account"
		return errors.Join(
			tx.EndEntry(ctx, entry.ID, now),
			tx.RenewSession(ctx, v.session, v.session.TokenHash),
			tx.Record(ctx, event))
	})
	return stays, err
}

// submitRestart is "Not you? Start again": the login begins anew for the same request.
func (d *Door) submitRestart(w http.ResponseWriter, r *http.Request) error {
	if err := d.StartAgain(r.Context(), d.caller(r)); err != nil {
		return err
	}
	d.Forget(w)
	return d.next(w, r, Cookie{})
}

// StartAgain logs out and takes back which account was chosen for the request: whoever comes next chooses for themselves.
func (d *Door) StartAgain(ctx context.Context, c Caller) error {
	now := d.cfg.Now()
	return d.cfg.DB.WriteAnyway(ctx, func(tx *storage.Tx) error {
		request, err := openRequest(ctx, tx.Queries, c, now)
		if err == nil && request.Unchoose() {
			err = tx.SaveChoice(ctx, request)
		}
		if errors.Is(err, errExpired) { // or there is none: then there is a login to end, and that is all
			err = nil
		}
		return errors.Join(err, logOut(ctx, tx, c, now))
	})
}

// LogOut ends the session, the accounts entered in it, and what clients were given there. Without a
// session there is nothing to do.
func (d *Door) LogOut(ctx context.Context, c Caller) error {
	now := d.cfg.Now()
	return d.cfg.DB.WriteAnyway(ctx, func(tx *storage.Tx) error { return logOut(ctx, tx, c, now) })
}

func logOut(ctx context.Context, tx *storage.Tx, c Caller, now time.Time) error {
	session, err := tx.Session(ctx, identity.DigestOf(c.Session))
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return endSession(ctx, tx, c, session, now)
}
