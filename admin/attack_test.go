package admin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// TestR31_NoFileBringsBackAnAuthenticatorThatWasVoided: a phone that was stolen and reset must not count again because a deployment
// applies the file once more, nor must the QR code the person was shown since go with it.
func TestR31_NoFileBringsBackAnAuthenticatorThatWasVoided(t *testing.T) {
	each(t, func(h *house) {
		file := strings.Replace(moved, `"acme": "owner"`, `"acme": "member"`, 1)
		h.takeOver(file, false)
		ada := must(h.db.UserByEmail(h.Context(), "ada@x.org"))(h)
		pending, err := identity.NewAuthenticator(ada.ID, h.now)
		if err != nil {
			h.Fatal(err)
		}
		for what, gone := range map[string]func(*storage.Tx) error{
			"a reset":               func(tx *storage.Tx) error { return tx.VoidAuthenticators(h.Context(), ada.ID, h.now) },
			"a hundred wrong codes": func(tx *storage.Tx) error { return tx.ExhaustAuthenticators(h.Context(), ada.ID, h.now) },
		} {
			h.write(gone)
			h.write(func(tx *storage.Tx) error { return tx.AddAuthenticator(h.Context(), pending) })
			h.now = h.now.Add(time.Hour)
			applied := h.apply(`people: [{email: ada@x.org, totp_secret: `+secretText+`}]`, false)
			imported := h.takeOver(file, false)
			if must(h.db.Person(h.Context(), ada.ID, h.now))(h).Confirmed || len(applied.Differences) != 0 {
				h.Errorf("%s: the old app is good again: %+v", what, applied)
			}
			if len(applied.Notes) != 1 || len(imported.Notes) != 1 {
				h.Errorf("%s: notes %q and %q", what, applied.Notes, imported.Notes)
			}
			if _, err := h.db.Authenticator(h.Context(), pending.ID); err != nil {
				h.Errorf("%s: the QR code she was shown since is void: %v", what, err)
			}
			h.write(func(tx *storage.Tx) error { return tx.DropPendingAuthenticators(h.Context(), ada.ID) })
		}
	})
}

// TestImport_TakesNobodyOverWhoIsThereAlready: the file comes from another system, often from somebody else, and is run again after an
// interruption. Nothing in it may open the record of a person who has moved on.
func TestImport_TakesNobodyOverWhoIsThereAlready(t *testing.T) {
	each(t, func(h *house) {
		h.person("eve@x.org", "acme:owner")
		h.apply(`people: [{email: ada@x.org, name: Ada, password: "green otter under the lamp", memberships: {acme: member}}]`, false)
		ada := must(h.db.UserByEmail(h.Context(), "ada@x.org"))(h)
		open := h.enter(ada, h.acme, false)
		h.now = h.now.Add(time.Hour)
		done := h.takeOver(`{"email": "ada@x.org", "name": "Mallory", "email_verified": true, "password": "seventeen purple walruses", "memberships": {"acme": "owner", "globex": "member"}}`, false)
		after := must(h.db.UserByEmail(h.Context(), "ada@x.org"))(h)
		if after != ada || !h.works(open) {
			h.Errorf("ada became %+v, was %+v; her session works: %t", after, ada, h.works(open))
		}
		roles := map[string]identity.Role{}
		for _, m := range must(h.db.MembershipsOf(h.Context(), ada.ID))(h) {
			roles[m.Account.Slug] = m.Role
		}
		if roles["acme"] != identity.RoleMember || roles["globex"] != identity.RoleMember {
			h.Errorf("her places: %v", roles) // what she did not have is added
		}
		if got := sum(done); got != "1 lines: 0 added, 1 changed, 0 unchanged, 0 refused" {
			h.Error(got)
		}
		h.person("ben@x.org", "") // somebody has invited him, and he has not come yet
		h.takeOver(`{"email": "ben@x.org", "name": "Ben"}`, false)
		if ben := must(h.db.UserByEmail(h.Context(), "ben@x.org"))(h); ben.Name != "Ben" {
			h.Errorf("who has not moved in is called %q", ben.Name)
		}
	})
}

// TestImport_ALineThatNoDatabaseTakesStopsNobodyElse, nor does one that would break out of the line its name is shown in.
func TestImport_ALineThatNoDatabaseTakesStopsNobodyElse(t *testing.T) {
	each(t, func(h *house) {
		lines := []string{
			`{"email": "a@x.org", "name": "Ada\u0000"}`,
			`{"email": "b@x.org", "name": "Ben\nadmin@x.org  Owner"}`,
			`{"email": "c@x.org", "given_name": "\u001b[2J"}`,
			`{"email": "d@x.org", "family_name": "\u202egro.x@nimda"}`,
			`{"email": "e@x.org", "locale": "de\u0000"}`,
			`{"email": "f@x.org", "memberships": {"acme\u0000": "member"}}`,
			`{"email": "g@x.org", "name": "` + strings.Repeat("x", 300) + `"}`,
			`{"email": "h@x.org", "locale": "` + strings.Repeat("x", 300) + `"}`,
		}
		good := `{"email": "good@x.org", "name": "Zoë O’Neil-Łukasz", "locale": "de-CH"}`
		if got := sum(h.takeOver(strings.Join(append(lines, good), "\n"), false)); got != "9 lines: 1 added, 0 changed, 0 unchanged, 8 refused" {
			h.Error(got)
		}
	})
}

// TestImport_ALineThatIsTooLongStopsNobodyElse, wherever it stands and however long it is.
func TestImport_ALineThatIsTooLongStopsNobodyElse(t *testing.T) {
	each(t, func(h *house) {
		long := `{"email": "long@x.org", "name": "` + strings.Repeat("x", 200<<10) + `"}`
		file := long + "\n" + `{"email": "ada@x.org"}` + "\n" + long + "\n" + long + "\n\n" + `{"email": "ben@x.org"}` + "\r\n" + long
		done := h.takeOver(file, false)
		if got := sum(done); got != "6 lines: 2 added, 0 changed, 0 unchanged, 4 refused" {
			h.Error(got)
		}
		for i, number := range []int{1, 3, 4, 7} {
			if r := done.Refused[i]; r.Line != number || !strings.Contains(r.Problem, "too long") {
				h.Errorf("refused: line %d, %s", r.Line, r.Problem)
			}
		}
	})
}

// TestApply_AClientWithoutGrantsIsOff: who takes everything from a client means it.
func TestApply_AClientWithoutGrantsIsOff(t *testing.T) {
	each(t, func(h *house) {
		for range 2 {
			h.apply(`clients: [{id: cms, grants: []}]`, false)
			if c := must(h.db.Client(h.Context(), "cms"))(h); len(c.Grants) != 0 {
				h.Errorf("it may do %v", c.Grants)
			}
		}
		if again := h.apply(`clients: [{id: cms, grants: []}]`, false); len(again.Differences) != 0 {
			h.Errorf("again: %s", lines(again))
		}
		h.apply(`clients: [{id: cms, name: CMS}]`, false)
		if c := must(h.db.Client(h.Context(), "cms"))(h); len(c.Grants) != 0 {
			h.Errorf("after another change it may do %v", c.Grants)
		}
	})
}
