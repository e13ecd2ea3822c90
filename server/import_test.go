package server_test

import (
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/admin"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

// TestR4_AnImportedPersonLogsInWithTheOldPasswordAndAppAndTheHashIsRenewed without scanning anything.
func TestR4_AnImportedPersonLogsInWithTheOldPasswordAndAppAndTheHashIsRenewed(t *testing.T) {
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		const email, old = "mona@example.com", "Tr0ub4dor & 3 cafés"
		line := `{"email": "` + email + `", "password_hash": "$P$7saltsalt2LqiAA2miW4RyipKH4BSd1", "totp_secret": "` + vestibuletest.AdaKey + `", "memberships": {"acme": "member"}}`
		if _, err := p.Admin.Import(t.Context(), strings.NewReader(line), false, func(int64, admin.Imported) {}); err != nil {
			t.Fatal(err)
		}
		cms := p.RelyingParty("cms", vestibuletest.CMSSecret)
		stored := func() string {
			u, err := p.DB.UserByEmail(t.Context(), email)
			if err != nil {
				t.Fatal(err)
			}
			return u.PasswordHash
		}
		before := stored()
		if page := p.Browser().SignIn(cms.Login("account", "acme"), email, old+"!"); !strings.Contains(page.Body, "Email or password is not right") || stored() != before {
			t.Errorf("a wrong password: %d, the hash is %q", page.Status, stored())
		}
		for _, about := range []string{"with the imported hash", "with the renewed one"} {
			b, l := p.Browser(), cms.Login("account", "acme")
			page := b.GiveCode(b.SignIn(l, email, old), p.NextCode(vestibuletest.AdaKey))
			if got := cms.Tokens(l, page).Claims; strings.Join(got.Roles, " ") != "member" || strings.Join(got.AMR, " ") != "pwd otp mfa" {
				t.Errorf("%s: %+v", about, got)
			}
			if !strings.HasPrefix(stored(), "$argon2id$") {
				t.Errorf("%s: %q is kept", about, stored())
			}
		}
	})
}
