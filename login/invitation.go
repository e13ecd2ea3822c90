package login

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// The addresses of people who are new.
const (
	invitationPath     = "/invitation"
	invitationDonePath = "/invitation/done"
)

// invitation is the link of an invitation with the place it leads to.
type invitation struct {
	mailed
	membership identity.Membership
}

// state judges the link. One whose person has a password has done its work, and one whose person was taken out of the account
// leads nowhere.
func (i invitation) state() identity.LinkState {
	state := i.mailed.state()
	switch {
	case state != identity.LinkOpen:
		return state
	case i.person.PasswordHash != "":
		return identity.LinkUsed
	case i.membership.Account.ID == "":
		return ""
	}
	return state
}

func readInvitation(ctx context.Context, q storage.Queries, secret string, now time.Time) (i invitation, err error) {
	i.mailed, err = readMailed(ctx, q, secret, identity.LinkInvitation, now)
	i.membership, _ = i.person.Membership(i.link.AccountID)
	return i, err
}

// invitationIn reads what this browser's invitation is about.
func (d *Door) invitationIn(r *http.Request) (invitation, error) {
	return readInvitation(r.Context(), d.cfg.DB.Queries, d.mailedLink(r, identity.LinkInvitation), d.cfg.Now())
}

// invitationForm asks for name and password. It names the person: whoever has the link has read the letter.
func (d *Door) invitationForm(i invitation, name string, no refused) templates.Invitation {
	return templates.Invitation{
		Action: invitationPath, AccountName: i.membership.Account.Name, Email: i.person.Email, Name: name, MinLength: d.cfg.PasswordMin,
		ExpiresAt: i.link.ExpiresAt, AsksCode: i.setsUpApp(), Refusal: no.Reason, Wait: no.Wait,
	}
}

// setsUpApp reports whether an account of the person asks for a second factor they do not have.
func (i invitation) setsUpApp() bool {
	_, due := appDue(i.person)
	return due
}

// appDue returns the first of the person's places that asks for a second factor they cannot give.
func appDue(p identity.Person) (identity.Membership, bool) {
	for _, m := range p.Memberships {
		if m.RequiresSecondFactor() && !p.CanProve(m.Account) {
			return m, true
		}
	}
	return identity.Membership{}, false
}

// routeNewcomers serves the pages of people who are new.
func (d *Door) routeNewcomers(r chi.Router) {
	r.Get(invitationPath+"/{secret}", d.openLink(identity.LinkInvitation))
	r.Get(invitationDonePath, d.page(d.showInvitationDone))
	r.Get(invitationPath, d.page(d.showInvitation))
	r.Post(invitationPath, d.page(d.submitInvitation))

	r.Get(signUpPath, d.page(d.showSignUp))
	r.Post(signUpPath, d.page(d.submitSignUp))
	r.Get(signUpSentPath, d.page(d.showSignUpSent))
	r.Get(signUpPath+"/{secret}", d.openLink(identity.LinkSignUp))
	r.Get(signUpFinishPath, d.page(d.showSignUpFinish))
	r.Post(signUpFinishPath, d.page(d.submitSignUpFinish))
	r.Get(signUpDonePath, d.page(d.showSignUpDone))
}

func (d *Door) showInvitation(w http.ResponseWriter, r *http.Request) error {
	i, err := d.invitationIn(r)
	if err != nil {
		return err
	}
	if i.state() != identity.LinkOpen {
		return d.showInvitationGone(w, r, i)
	}
	return d.show(w, r, d.invitationForm(i, i.person.Name, refused{}), identity.AuthorizationRequest{UILocales: i.person.Locale})
}

// showInvitationGone leads who has a password to the login, and everybody else nowhere: a new invitation comes from who sent this one.
func (d *Door) showInvitationGone(w http.ResponseWriter, r *http.Request, i invitation) error {
	next := ""
	if i.person.PasswordHash != "" {
		next = d.LoginURL("")
	}
	return d.showGoneFor(w, r, i.state(), templates.NextLogin, next)
}

// submitInvitation leads on to the QR code, where an account asks for one, or says that all is done.
func (d *Door) submitInvitation(w http.ResponseWriter, r *http.Request) error {
	i, err := d.invitationIn(r)
	if err != nil {
		return err
	}
	if i.state() != identity.LinkOpen {
		return d.showInvitationGone(w, r, i)
	}
	caller := d.caller(r)
	caller.Browser = d.Browser(w, r)
	name := r.PostForm.Get(templates.FieldName)
	app, err := d.AcceptInvitation(r.Context(), caller, d.mailedLink(r, identity.LinkInvitation), name, r.PostForm.Get(templates.FieldPassword))
	if no := (refused{}); errors.As(err, &no) {
		return comesBack{d.invitationForm(i, shortened(name), no), identity.AuthorizationRequest{UILocales: i.person.Locale}, no}
	}
	if errors.Is(err, errOutdated) {
		return seeOther(w, r, invitationPath)
	}
	if err != nil {
		return err
	}
	if app != "" {
		d.forgetLink(w, identity.LinkInvitation)
		d.setCookie(w, linkCookie, app, linkLifetime)
		return seeOther(w, r, "/enroll")
	}
	return seeOther(w, r, invitationDonePath)
}

// showInvitationDone is for the browser whose link was used.
func (d *Door) showInvitationDone(w http.ResponseWriter, r *http.Request) error {
	i, err := d.invitationIn(r)
	if err != nil {
		return err
	}
	if i.link.UsedAt.IsZero() || i.person.Disabled() {
		return seeOther(w, r, invitationPath)
	}
	page := templates.Welcome{AccountName: i.membership.Account.Name, Email: i.person.Email, LoginURL: d.LoginURL("")}
	return d.show(w, r, page, identity.AuthorizationRequest{UILocales: i.person.Locale})
}

// AcceptInvitation uses an invitation, once: the person gets a name and a password, and their mailbox counts as proven. Where an account of
// theirs asks for a second factor, the QR code is shown to the caller's browser at once: whoever may choose the password needs no
// other proof for it. The secret of that link is returned; empty: there is nothing to set up.
func (d *Door) AcceptInvitation(ctx context.Context, c Caller, secret, name, password string) (app string, err error) {
	if d.cfg.Hasher.Crowded() {
		return "", identity.ErrBusy
	}
	now := d.cfg.Now()
	judged, err := readInvitation(ctx, d.cfg.DB.Queries, secret, now)
	if err != nil {
		return "", err
	}
	if judged.state() != identity.LinkOpen {
		return "", errOutdated
	}
	person := judged.person
	if err := introduce(&person.User, name, now); err != nil { // also because it must not be in the password
		return "", err
	}
	if _, err := d.countPassword(ctx, c, "", "", now); err != nil {
		return "", err
	}
	phc, err := d.hashNew(ctx, person, password)
	if err != nil {
		return "", err
	}
	err = d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		i, err := readInvitation(ctx, tx.Queries, secret, now)
		if err != nil {
			return err
		}
		if i.state() != identity.LinkOpen {
			return errOutdated
		}
		app, err = d.accept(ctx, tx, c, i, person.Name, phc, now)
		return err
	})
	return app, err
}

// accept is what using an invitation does.
func (d *Door) accept(ctx context.Context, tx *storage.Tx, c Caller, i invitation, name, phc string, now time.Time) (app string, err error) {
	if err := tx.UseLink(ctx, i.link.TokenHash, identity.LinkInvitation, now); err != nil {
		return "", outdated(err)
	}
	u := i.person.User
	u.Name, u.EmailVerified = name, true
	u.SetPassword(phc, now)
	accepted := c.by(u.ID, identity.EventInvitationAccepted, now)
	accepted.AccountID = i.link.AccountID
	if err := errors.Join(tx.SaveUser(ctx, u), tx.Record(ctx, accepted)); err != nil {
		return "", err
	}
	if place, due := appDue(i.person); due {
		return d.showFirstApp(ctx, tx, c, u, place.Account, now)
	}
	return "", nil
}

// showFirstApp makes a pending app and the link under which the caller's browser sees its QR code for ten minutes. The link is not
// mailed: who closes the tab logs in and asks for one.
func (d *Door) showFirstApp(ctx context.Context, tx *storage.Tx, c Caller, u identity.User, a identity.Account, now time.Time) (secret string, err error) {
	app, err := identity.NewAuthenticator(u.ID, now)
	if err != nil {
		return "", err
	}
	enrollment, secret := identity.NewEnrollment(u.ID, a.ID, now)
	enrollment.ShowAtOnce(app.ID, identity.DigestOf(c.Browser), now)
	revealed := c.by(u.ID, identity.EventEnrollmentRevealed, now)
	revealed.AccountID = a.ID
	return secret, errors.Join(tx.AddEnrollment(ctx, enrollment), tx.AddAuthenticator(ctx, app), tx.Record(ctx, revealed))
}

// introduce gives somebody the name they have typed, or is refused.
func introduce(u *identity.User, name string, now time.Time) error {
	if strings.TrimSpace(name) == "" {
		return refused{Reason: templates.OwnNameMissing}
	}
	if err := u.SetProfile(identity.Profile{Name: name, GivenName: u.GivenName, FamilyName: u.FamilyName, Locale: u.Locale}, now); err != nil {
		return refused{Reason: templates.NameRefused}
	}
	return nil
}

// outdated turns what was not found in a transaction that had just read it into errOutdated: somebody else was quicker.
func outdated(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return errOutdated
	}
	return err
}
