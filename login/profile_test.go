package login_test

import (
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// stored is the person as the database has them.
func (h *house) stored(id identity.UserID) identity.User {
	h.t.Helper()
	u, err := h.db.User(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return u
}

func TestAPersonChangesNameAndLanguage(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
		b := h.browser()
		page := b.settle(h, "/settings/profile", "ada@example.com").shows(200, "User Information")
		if page.value("name") != "Ada Park" {
			t.Errorf("the name is %q", page.value("name"))
		}
		page = b.send(page, "name", " Ada  Lovelace ", "given-name", "Ada", "family-name", "Lovelace", "language", "de").shows(200, "Benutzer\u00adinformationen")
		if !strings.Contains(text(page.tree), "Gespeichert.") {
			t.Errorf("the page does not say that it is saved: %s", text(page.tree))
		}
		if u := h.stored(ada.ID); u.Name != "Ada  Lovelace" || u.GivenName != "Ada" || u.FamilyName != "Lovelace" || u.Locale != "de" || u.Epoch != ada.Epoch {
			t.Errorf("%+v", u)
		}
		b.send(page, "name", "", "language", "tlh").shows(200, "User Information")
		if u := h.stored(ada.ID); u.Name != "" || u.Locale != "" {
			t.Errorf("%+v", u)
		}
		if h.events(identity.EventUserChanged) != 2 {
			t.Error("the changes are not on record")
		}
	})
}

func TestANameThatCannotBeShownIsRefused(t *testing.T) {
	h := onEither(t)
	ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
	b := h.browser()
	page := b.settle(h, "/settings/profile", "ada@example.com")
	for _, name := range []string{strings.Repeat("x", 101), "Ada\r\nBcc: eve@example.com", "Ada\u202eKrap", "Ada\u2028Park"} {
		b.send(page, "name", name).shows(422, "User Information").refuses("Names have at most 100 characters")
		b.send(page, "given-name", name).shows(422, "User Information").refuses("Names have at most 100 characters")
	}
	b.send(page, "name", strings.Repeat("é", 100)).shows(200, "User Information")
	if h.stored(ada.ID).Name != strings.Repeat("é", 100) {
		t.Error("a name of a hundred letters was not kept")
	}
}

func TestALanguageOfFinerSpellingSurvivesAChangeOfTheName(t *testing.T) {
	h := onEither(t)
	ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
	ada.Locale = "de-AT"
	h.write(func(tx *storage.Tx) error { return tx.SaveUser(h.t.Context(), ada) })
	b := h.browser()
	page := b.settle(h, "/settings/profile", "ada@example.com").shows(200, "Benutzer\u00adinformationen")
	b.send(page, "name", "Ada", "language", "de").shows(200, "Benutzer\u00adinformationen")
	if got := h.stored(ada.ID).Locale; got != "de-AT" {
		t.Errorf("the language is %q", got)
	}
}
