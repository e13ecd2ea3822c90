package login

import (
	"net/http"

	"github.com/vestibule-id/vestibule/templates"
)

// showSettings is the tab for everything that proves who somebody is.
func (d *Door) showSettings(w http.ResponseWriter, r *http.Request, v visit) error {
	page := templates.Settings{Head: settingsHead(v, templates.TabSettings)}
	page.Head.Saved = r.URL.Query().Has("saved")
	var err error
	if page.Passkeys, err = d.passkeySection(r, v); err != nil {
		return err
	}
	return d.showOwn(w, r, v, page)
}
