package login

import (
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/templates"
)

// modeIn is the two-factor policy that the URL names.
func modeIn(text string) (identity.TwoFactor, error) {
	mode := identity.TwoFactor(text)
	if mode.Validate() != nil {
		return mode, problem{http.StatusNotFound}
	}
	return mode, nil
}

// showAccountTwoFactor says what a change of the policy would do before anybody does it: how many people get a link, how many are
// informed, and how many are logged out of the account.
func (d *Door) showAccountTwoFactor(w http.ResponseWriter, r *http.Request, v visit) error {
	a, err := owned(r, v)
	if err != nil {
		return err
	}
	mode, err := modeIn(chi.URLParam(r, "mode"))
	if err != nil {
		return err
	}
	back := accountsPath + "/" + a.Slug
	if mode == a.TwoFactor {
		return seeOther(w, r, back)
	}
	effects, err := d.ownerActs(r, v, a.ID).Preview(r.Context(), a.Slug, mode)
	if errors.Is(err, errOutdated) {
		return seeOther(w, r, back)
	}
	if err != nil {
		return err
	}
	return d.showOwn(w, r, v, templates.AccountTwoFactor{
		Head: settingsHead(v, templates.TabAccounts), Name: a.Name, Action: back + "/two-factor/" + string(mode), BackURL: back,
		Before: templates.WhomToAsk(a.TwoFactor), After: templates.WhomToAsk(mode),
		Invited: effects.Invited, Informed: effects.Informed, Ended: effects.SessionsEnded,
	})
}

// submitAccountTwoFactor does what the page has announced.
func (d *Door) submitAccountTwoFactor(w http.ResponseWriter, r *http.Request, v visit) error {
	mode, err := modeIn(chi.URLParam(r, "mode"))
	if err != nil {
		return err
	}
	return d.manage(w, r, v, func(acts OwnerActs, a identity.Account) error {
		_, err := acts.RequireTwoFactor(r.Context(), a.Slug, mode)
		return err
	})
}
