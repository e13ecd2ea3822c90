package login

import (
	"net/http"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/templates"
)

// showSettings is the tab for everything that proves who somebody is.
func (d *Door) showSettings(w http.ResponseWriter, r *http.Request, v visit) error {
	page, err := d.settingsPage(r, v)
	if err != nil {
		return err
	}
	page.Head.Saved = r.URL.Query().Has("saved")
	return d.showOwn(w, r, v, page)
}

// settingsPage puts the sections of the tab together.
func (d *Door) settingsPage(r *http.Request, v visit) (templates.Settings, error) {
	page := templates.Settings{
		Head: settingsHead(v, templates.TabSettings), PasswordURL: passwordPath, HasPassword: v.person.PasswordHash != "",
	}
	var err error
	if page.TwoFactor, err = d.twoFactorSection(r, v); err != nil {
		return page, err
	}
	if page.Passkeys, err = d.passkeySection(r, v); err != nil || !v.person.CanRecover() {
		return page, err
	}
	page.RecoveryCodesURL = recoveryCodesPath
	page.RecoveryCodes, err = d.cfg.DB.CountRecoveryCodes(r.Context(), v.person.ID)
	return page, err
}

// twoFactorSection says what is set up, what is asked for, and what can be changed.
func (d *Door) twoFactorSection(r *http.Request, v visit) (templates.TwoFactor, error) {
	s := templates.TwoFactor{
		Enable: appPath, App: v.person.Confirmed, Passkeys: v.person.Passkeys, Always: v.person.SecondFactor,
		AlwaysURL: twoFactorOnPath, WhereRequiredURL: twoFactorOffPath, RemoveURL: appRemovePath,
	}
	for _, m := range v.person.Memberships {
		if m.RequiresSecondFactor() {
			s.RequiredBy = append(s.RequiredBy, m.Account.Name)
		}
	}
	if v.person.CanRecover() {
		return s, nil
	}
	if _, byMail := v.person.FirstFactorByMail(); byMail {
		s.SendLink, s.MaskedEmail = appLinkPath, identity.MaskEmail(v.person.Email)
		open, err := linkUnderWay(r.Context(), d.cfg.DB.Queries, v.person.ID, d.cfg.Now())
		s.LinkSent = open
		return s, err
	}
	exhausted, err := d.cfg.DB.Exhausted(r.Context(), v.person.ID)
	if exhausted {
		s.ForgotURL = forgotURL(v.person.Email)
	}
	return s, err
}
