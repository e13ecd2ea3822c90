package login

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// forgotURL carries the address along, so that nobody types it twice.
func forgotURL(email string) string { return withEmail("/forgot", email) }

// withEmail returns a path of ours that knows which address it is about; empty: none.
func withEmail(path, email string) string {
	if email == "" {
		return path
	}
	return path + "?email=" + url.QueryEscape(email)
}

func (d *Door) forgotPage(email string, no refused) templates.ForgotPassword {
	return templates.ForgotPassword{
		Action: "/forgot", Email: shortened(email), LoginURL: d.LoginURL(""), Refusal: no.Reason, Wait: no.Wait,
	}
}

// showForgot asks for the address.
func (d *Door) showForgot(w http.ResponseWriter, r *http.Request) error {
	return d.show(w, r, d.forgotPage(r.URL.Query().Get("email"), refused{}), identity.AuthorizationRequest{})
}

// submitForgot answers every address alike.
func (d *Door) submitForgot(w http.ResponseWriter, r *http.Request) error {
	email := r.PostForm.Get(templates.FieldEmail)
	err := d.ForgetPassword(r.Context(), d.caller(r), email)
	if no := (refused{}); errors.As(err, &no) {
		return comesBack{d.forgotPage(email, no), identity.AuthorizationRequest{}, no}
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, withEmail("/forgot/sent", shortened(email)))
}

// showForgotSent says what happens for an address that has a login, and knows of none.
func (d *Door) showForgotSent(w http.ResponseWriter, r *http.Request) error {
	page := templates.ForgotSent{
		Email: shortened(r.URL.Query().Get("email")), ValidFor: identity.ResetLifetime, AgainURL: "/forgot", LoginURL: d.LoginURL(""),
	}
	return d.show(w, r, page, identity.AuthorizationRequest{})
}

// ForgetPassword notes an address somebody has asked about. Whether there is a login with it is looked up later, by
// [Door.MailResets]: the answer must not know (SECURITY R27). Only the address the question comes from can be refused.
func (d *Door) ForgetPassword(ctx context.Context, c Caller, email string) error {
	if strings.TrimSpace(email) == "" {
		return refused{Reason: templates.EmailMissing}
	}
	now := d.cfg.Now()
	folded, err := identity.FoldEmail(email)
	if err != nil {
		folded = "" // noted all the same: nobody has it
	}
	var browser identity.Digest
	if c.Browser != "" {
		browser = identity.DigestOf(c.Browser)
	}
	crowded := false
	err = d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		n, err := tx.CountAddress(ctx, addressBucket(c.Origin.Address), "reset", identity.AddressResetInterval, now)
		if crowded = n > identity.AddressResets; err != nil || crowded {
			return err
		}
		return tx.AddForgottenPassword(ctx, identity.NewForgottenPassword(folded, browser, c.Origin, now))
	})
	if err == nil && crowded {
		err = refused{templates.TooManyAttempts, identity.AddressResetInterval}
	}
	return err
}

// MailResets answers the addresses that were asked about, by letter. It is a background job.
func (d *Door) MailResets(ctx context.Context) error {
	for {
		err := d.cfg.DB.Write(ctx, func(tx *storage.Tx) error { return d.mailReset(ctx, tx, d.cfg.Now()) })
		if errors.Is(err, storage.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// mailReset takes one of them. What became of it is in the audit trail; the address that nobody has is not.
func (d *Door) mailReset(ctx context.Context, tx *storage.Tx, now time.Time) error {
	asked, err := tx.TakeForgottenPassword(ctx, now)
	if err != nil {
		return err
	}
	e := asked.Origin().Event(identity.EventResetAsked, now)
	user, err := tx.UserByEmail(ctx, asked.Email)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		e.Detail = "nobody has this address"
		return tx.Record(ctx, e)
	case err != nil:
		return err
	}
	e.UserID = user.ID
	sent, err := tx.LastLinks(ctx, user.ID, identity.LinkReset, identity.ResetsADay)
	if err != nil {
		return err
	}
	known, err := tx.KnowsBrowser(ctx, asked.BrowserHash, user.ID)
	if err != nil {
		return err
	}
	switch {
	case user.Disabled():
		e.Detail = "not mailed: disabled"
	case !identity.MayMailReset(sent, known, now):
		e.Detail = "not mailed: too many letters"
	default:
		e.Detail = "mailed"
		err = d.cfg.Outbox.SendReset(ctx, tx, user, templates.ResetAsked, now)
	}
	return errors.Join(err, tx.Record(ctx, e))
}
