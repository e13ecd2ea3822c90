package login

import (
	"context"
	"errors"
	"net/http"

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
	user, err := d.cfg.DB.User(r.Context(), session.UserID)
	if err != nil {
		return err
	}
	page := templates.ConfirmLogout{Action: "/logout", Email: user.Email, StayURL: d.LoginURL("")}
	if client != nil {
		page.ClientName = client.Name
	}
	return d.show(w, r, page, identity.AuthorizationRequest{})
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
	if err := d.LogOut(r.Context(), d.caller(r)); err != nil {
		return err
	}
	d.Forget(w)
	return seeOther(w, r, "/logout") // which now says that it is done
}

// submitRestart is "Not you? Start again": the login begins anew for the same request.
func (d *Door) submitRestart(w http.ResponseWriter, r *http.Request) error {
	if err := d.LogOut(r.Context(), d.caller(r)); err != nil {
		return err
	}
	d.Forget(w)
	return d.next(w, r, Cookie{})
}

// LogOut ends the session, the accounts entered in it, and what clients were given there. Without a
// session there is nothing to do.
func (d *Door) LogOut(ctx context.Context, c Caller) error {
	now := d.cfg.Now()
	return d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		session, err := tx.Session(ctx, identity.DigestOf(c.Session))
		if errors.Is(err, storage.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return endSession(ctx, tx, c, session, now)
	})
}
