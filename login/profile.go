package login

import (
	"context"
	"errors"
	"net/http"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// showProfile is the tab for what people say about themselves, and for their address.
func (d *Door) showProfile(w http.ResponseWriter, r *http.Request, v visit) error {
	page, err := d.profilePage(r, v, profileOf(v.person.User), refused{})
	if err != nil {
		return err
	}
	page.Head.Saved = r.URL.Query().Has("saved")
	return d.showOwn(w, r, v, page)
}

// profileOf is what a person has said so far.
func profileOf(u identity.User) identity.Profile {
	return identity.Profile{Name: u.Name, GivenName: u.GivenName, FamilyName: u.FamilyName, Locale: u.Locale}
}

func (d *Door) profilePage(r *http.Request, v visit, p identity.Profile, no refused) (templates.Profile, error) {
	waiting, err := d.emailWaiting(r.Context(), v)
	return templates.Profile{
		Head: settingsHead(v, templates.TabProfile), Action: profilePath, Name: p.Name, GivenName: p.GivenName, FamilyName: p.FamilyName,
		Languages: templates.LanguageChoices(p.Locale), EmailURL: emailPath, Waiting: waiting, Refusal: no.Reason,
	}, err
}

// submitProfile saves what is in the form.
func (d *Door) submitProfile(w http.ResponseWriter, r *http.Request, v visit) error {
	said := identity.Profile{
		Name: r.PostForm.Get(templates.FieldName), GivenName: r.PostForm.Get(templates.FieldGivenName),
		FamilyName: r.PostForm.Get(templates.FieldFamilyName), Locale: r.PostForm.Get(templates.FieldLanguage),
	}
	err := d.SaveProfile(r.Context(), d.self(r), said)
	if no := (refused{}); errors.As(err, &no) {
		page, err := d.profilePage(r, v, said, no)
		if err != nil {
			return err
		}
		return comesBack{page, v.words(), no}
	}
	if err != nil && !errors.Is(err, errOutdated) {
		return err
	}
	return seeOther(w, r, profilePath+"?saved")
}

// SaveProfile changes what the person says about themselves. A language we do not speak counts as none; the one that was chosen
// before stays in its finer spelling, so that "de-AT" does not become "de" by saving a name.
func (d *Door) SaveProfile(ctx context.Context, c Caller, said identity.Profile) error {
	now := d.cfg.Now()
	return d.asThemselves(ctx, c, now, func(tx *storage.Tx, v visit) error {
		said.Locale = chosenLocale(v.person.Locale, said.Locale)
		u := v.person.User
		if errors.Is(u.SetProfile(said, now), identity.ErrName) {
			return refused{Reason: templates.NameRefused}
		}
		if profileOf(u) == profileOf(v.person.User) {
			return nil
		}
		changed := c.by(u.ID, identity.EventUserChanged, now)
		changed.Detail = "profile"
		return errors.Join(tx.SaveUser(ctx, u), tx.Record(ctx, changed))
	})
}

func chosenLocale(before, chosen string) string {
	switch {
	case !templates.Speaks(chosen):
		return ""
	case before != "" && templates.Language("", before) == chosen:
		return before
	}
	return chosen
}
