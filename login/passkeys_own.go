package login

import (
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// Where a person adds, names and removes passkeys.
const (
	passkeysPath   = "/settings/passkeys"
	newPasskeyPath = passkeysPath + "/new"
	removePasskey  = "/remove"
)

// passkeySection lists a person's passkeys in Settings; the zero value where passkeys are off.
func (d *Door) passkeySection(r *http.Request, v visit) (templates.PasskeySection, error) {
	if d.passkeys == nil {
		return templates.PasskeySection{}, nil
	}
	if err := maySetUp(r.Context(), d.cfg.DB.Queries, v); errors.Is(err, errOutdated) {
		return templates.PasskeySection{}, nil // the first factor comes by mail
	} else if err != nil {
		return templates.PasskeySection{}, err
	}
	section := templates.PasskeySection{AddURL: newPasskeyPath}
	all, err := d.cfg.DB.PasskeysOf(r.Context(), v.person.ID)
	for _, p := range all {
		section.Passkeys = append(section.Passkeys, templates.PasskeyEntry{
			Name: p.Name, AddedAt: p.CreatedAt, UsedAt: p.UsedAt, Synced: p.BackedUp, URL: passkeysPath + "/" + p.ID,
		})
	}
	return section, err
}

// askRegister asks for a new passkey. Whoever may not add one is not asked.
func (d *Door) askRegister(w http.ResponseWriter, r *http.Request, v visit) error {
	err := mustBeFresh(v, d.cfg.Now())
	if err == nil {
		err = maySetUp(r.Context(), d.cfg.DB.Queries, v)
	}
	if errors.Is(err, errNotFresh) || errors.Is(err, errOutdated) {
		return problem{http.StatusForbidden}
	}
	if err != nil {
		return err
	}
	return d.ask(w, r, question{purpose: identity.CeremonyRegister, user: v.person.User})
}

// newPasskeyPage asks for a name before the device is asked for a passkey. Most passkeys are kept where the browser is, so that is the
// suggestion.
func (d *Door) newPasskeyPage(r *http.Request, name string, no refused) templates.NewPasskey {
	page := templates.NewPasskey{
		Action: newPasskeyPath, Name: name, Button: d.passkeyButton(identity.CeremonyRegister, ""),
		CancelURL: settingsPath, Refusal: no.Reason, Wait: no.Wait,
	}
	page.Browser, page.System = device(r.UserAgent())
	return page
}

// showNewPasskey leads back to Settings who gets the first factor by mail.
func (d *Door) showNewPasskey(w http.ResponseWriter, r *http.Request, v visit) error {
	if d.passkeys == nil {
		return problem{http.StatusNotFound}
	}
	if err := maySetUp(r.Context(), d.cfg.DB.Queries, v); errors.Is(err, errOutdated) {
		return seeOther(w, r, settingsPath)
	} else if err != nil {
		return err
	}
	return d.showOwn(w, r, v, d.newPasskeyPage(r, "", refused{}))
}

// submitNewPasskey shows the recovery codes that come with a first passkey.
func (d *Door) submitNewPasskey(w http.ResponseWriter, r *http.Request, v visit) error {
	name := r.PostForm.Get(templates.FieldPasskeyName)
	added, err := d.AddPasskey(r.Context(), d.self(r), name, r.PostForm.Get(templates.FieldPasskey))
	if no := (refused{}); errors.As(err, &no) {
		return comesBack{d.newPasskeyPage(r, identity.PasskeyName(name), no), v.words(), no}
	}
	if errors.Is(err, errOutdated) {
		return seeOther(w, r, settingsPath)
	}
	if err != nil {
		return err
	}
	d.setSession(w, added.Cookie)
	if len(added.NewCodes) > 0 {
		return d.showRecoveryCodes(w, r, templates.RecoveryCodes{Codes: added.NewCodes, Email: v.person.Email, NextURL: settingsPath})
	}
	return seeOther(w, r, settingsPath+"?saved")
}

// ownPasskey returns the passkey in the address, if it is the person's.
func (d *Door) ownPasskey(r *http.Request, v visit) (identity.Passkey, error) {
	all, err := d.cfg.DB.PasskeysOf(r.Context(), v.person.ID)
	if err != nil {
		return identity.Passkey{}, err
	}
	return passkeyIn(all, chi.URLParam(r, "id"))
}

func passkeyIn(all []identity.Passkey, id string) (identity.Passkey, error) {
	for _, p := range all {
		if p.ID == id {
			return p, nil
		}
	}
	return identity.Passkey{}, storage.ErrNotFound
}

// onePasskeyPage is about one passkey: its name, and the way to remove it.
func onePasskeyPage(p identity.Passkey, name string, no refused) templates.OnePasskey {
	here := passkeysPath + "/" + p.ID
	return templates.OnePasskey{
		Action: here, Name: name, AddedAt: p.CreatedAt, UsedAt: p.UsedAt, Synced: p.BackedUp,
		RemoveURL: here + removePasskey, CancelURL: settingsPath, Refusal: no.Reason,
	}
}

func (d *Door) showPasskey(w http.ResponseWriter, r *http.Request, v visit) error {
	p, err := d.ownPasskey(r, v)
	if err != nil {
		return err
	}
	return d.showOwn(w, r, v, onePasskeyPage(p, p.Name, refused{}))
}

// submitPasskeyName gives a passkey another name.
func (d *Door) submitPasskeyName(w http.ResponseWriter, r *http.Request, v visit) error {
	p, err := d.ownPasskey(r, v)
	if err != nil {
		return err
	}
	name := r.PostForm.Get(templates.FieldPasskeyName)
	err = d.RenamePasskey(r.Context(), d.self(r), p.ID, name)
	if no := (refused{}); errors.As(err, &no) {
		return comesBack{onePasskeyPage(p, identity.PasskeyName(name), no), v.words(), no}
	}
	if err != nil && !errors.Is(err, errOutdated) {
		return err
	}
	return seeOther(w, r, settingsPath+"?saved")
}

// removePasskeyPage asks before it is done, or says why it cannot be done.
func removePasskeyPage(p identity.Passkey, locked lockedOut) templates.RemovePasskey {
	here := passkeysPath + "/" + p.ID
	return templates.RemovePasskey{Action: here + removePasskey, Name: p.Name, LockedOut: locked.accounts, CancelURL: here}
}

func (d *Door) showRemovePasskey(w http.ResponseWriter, r *http.Request, v visit) error {
	p, err := d.ownPasskey(r, v)
	if err != nil {
		return err
	}
	return d.showOwn(w, r, v, removePasskeyPage(p, lockedOut{}))
}

// submitRemovePasskey answers 409 where accounts would be out of the person's reach.
func (d *Door) submitRemovePasskey(w http.ResponseWriter, r *http.Request, v visit) error {
	p, err := d.ownPasskey(r, v)
	if err != nil {
		return err
	}
	cookie, err := d.RemovePasskey(r.Context(), d.self(r), p.ID)
	if locked := (lockedOut{}); errors.As(err, &locked) {
		return d.write(w, r, http.StatusConflict, removePasskeyPage(p, locked), v.words())
	}
	if err != nil {
		return err
	}
	d.setSession(w, cookie)
	return seeOther(w, r, settingsPath+"?saved")
}
