package admin_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/admin"
	"github.com/vestibule-id/vestibule/identity"
)

// The hashes are of "Tr0ub4dor & 3 cafés".
const moved = `
{"email": "Ada@X.org", "name": "Ada", "password_hash": "sha1$9f86d081884c7d65$9cebffb521e7c3064b30e60dff5221dad5615d3d", "totp_secret": "` + secretText + `", "memberships": {"acme": "owner"}}
{"email": "ben@x.org", "password_hash": "$P$7saltsalt2LqiAA2miW4RyipKH4BSd1", "email_verified": true}

{"email": "cleo@x.org", "password_hash": "$5$saltsaltsalt$FmuLdx5pkYzBr3tk4DDC0MIYyz0HqD/xr3YofJZwX40", "memberships": {"globex": "member"}}
`

const broken = `{"email": "dan@x.org", "password_hash": "5f4dcc3b5aa765d61d8327deb882cf99"}
{"email": "eve@x.org", "is_operator": true}
{"email": "ada@x.org"}
{"email": "finn@x.org", "memberships": {"acmee": "member"}}
{"email": "gus@x.org", "memberships": {"acme": "boss"}}
{"email": "hal@x.org", "totp_secret": "short"}
{"email": "nobody"}
{"email": "ida@x.org"} {"email": "jo@x.org"}
not JSON
{"email": "kim@x.org", "name": "Kim"}
`

func (h *house) takeOver(file string, dryRun bool) admin.Imported {
	h.Helper()
	done, err := h.Import(h.Context(), strings.NewReader(file), dryRun, func(int64, admin.Imported) {})
	if err != nil {
		h.Fatal(err)
	}
	return done
}

func sum(i admin.Imported) string {
	return fmt.Sprintf("%d lines: %d added, %d changed, %d unchanged, %d refused", i.Lines, i.Added, i.Changed, i.Unchanged, len(i.Refused))
}

func TestImport_ReportsEveryRefusedLineAndGoesOnWithTheOthers(t *testing.T) {
	each(t, func(h *house) {
		const first, second = "13 lines: 4 added, 0 changed, 0 unchanged, 9 refused", "13 lines: 0 added, 0 changed, 4 unchanged, 9 refused"
		if got := sum(h.takeOver(moved+broken, true)); got != first {
			h.Errorf("dry run: %s", got)
		}
		if all := must(h.Users(h.Context()))(h); len(all) != 0 {
			h.Fatalf("a dry run has added %d people", len(all))
		}
		done := h.takeOver(moved+broken, false)
		if sum(done) != first {
			h.Errorf("%s", sum(done))
		}
		for i, want := range []string{
			"6 dan@x.org unknown password hash", `7 eve@x.org unknown field "is_operator"`, "8 ada@x.org ada@x.org is there twice, first in line 2",
			`10 gus@x.org role "boss"`, "11 hal@x.org ", `12  "nobody" is not an e-mail address`, "13 ida@x.org there is more than one object", "14  invalid character",
			`9 finn@x.org no account "acmee"; did you mean acme?`,
		} {
			r := done.Refused[i]
			if got := fmt.Sprintf("%d %s %s", r.Line, r.Email, r.Problem); !strings.HasPrefix(got, want) {
				h.Errorf("refused as %q, want %q", got, want)
			}
		}
		if got := sum(h.takeOver(moved+broken, false)); got != second {
			h.Errorf("run again: %s", got)
		}
	})
}

// TestR25_AnImportedAuthenticatorIsAFactorAtOnceAndStaysIt so that nobody scans again.
func TestR25_AnImportedAuthenticatorIsAFactorAtOnceAndStaysIt(t *testing.T) {
	each(t, func(h *house) {
		must(h.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorAll))(h)
		h.takeOver(moved, false)
		ada := must(h.db.UserByEmail(h.Context(), "ada@x.org"))(h)
		p := must(h.db.Person(h.Context(), ada.ID, h.now))(h)
		if !p.Confirmed || p.Memberships[0].Role != identity.RoleOwner {
			h.Errorf("%+v", p)
		}
		if got := strings.Join(h.letters(), ", "); got != "nothing-to-do ada@x.org" {
			h.Errorf("letters: %s", got)
		}
		app := must(h.db.ConfirmedAuthenticator(h.Context(), ada.ID))(h)
		secret := must(identity.ParseTOTPKeyText(secretText))(h)
		if _, right := app.Match(identity.TOTPCode(secret, h.now), h.now); !right {
			h.Error("the code of her app is refused")
		}
		// A pending one is not made of it, and another import does not replace it.
		h.now = h.now.Add(time.Hour)
		done := h.takeOver(strings.ReplaceAll(moved, secretText, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), false)
		if after := must(h.db.ConfirmedAuthenticator(h.Context(), ada.ID))(h); after.ID != app.ID || len(done.Notes) != 1 {
			h.Errorf("the authenticator was replaced, notes %q", done.Notes)
		}
	})
}

func TestR4_ImportedHashesAreVerifiedAndWeakOnesAreNotKept(t *testing.T) {
	each(t, func(h *house) {
		h.takeOver(moved, false)
		hasher, err := identity.NewHasher(identity.HasherConfig{Memory: 64, Time: 1, AllowWeak: true})
		if err != nil {
			h.Fatal(err)
		}
		for _, u := range must(h.Users(h.Context()))(h) {
			right, rehash, err := hasher.Verify(h.Context(), u.PasswordHash, "Tr0ub4dor & 3 cafés")
			if !right || !rehash || err != nil {
				h.Errorf("%s: right %v, rehash %v, %v", u.Email, right, rehash, err)
			}
			if strings.Contains(u.PasswordHash, "9cebffb521e7c306") || strings.Contains(u.PasswordHash, "2LqiAA2miW4RyipKH4BSd1") {
				h.Errorf("%s: the weak hash is kept in %q", u.Email, u.PasswordHash)
			}
		}
	})
}

func TestImport_GoesOnInBatchesAndTellsHowFarItIs(t *testing.T) {
	each(t, func(h *house) {
		var file strings.Builder
		for i := range 250 {
			fmt.Fprintf(&file, `{"email": "p%03d@x.org", "memberships": {"globex": "member"}}`+"\n", i)
		}
		var told []int
		done, err := h.Import(h.Context(), strings.NewReader(file.String()), false, func(read int64, soFar admin.Imported) {
			told = append(told, soFar.Added)
			if len(told) == 3 && read != int64(file.Len()) {
				h.Errorf("%d of %d bytes were read", read, file.Len())
			}
		})
		if err != nil || done.Added != 250 || fmt.Sprint(told) != "[100 200 250]" {
			h.Errorf("%s, told %v, %v", sum(done), told, err)
		}
	})
}
