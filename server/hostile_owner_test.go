package server_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/admin"
	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/templates"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

const umbraPassword = "tidal marble finds a broom"

// inUmbra adds somebody to an account of its own, so that what attempts do to it is nobody else's business, and logs them in.
func (f *fixture) inUmbra(t testing.TB, email string, role identity.Role) *vestibuletest.Browser {
	t.Helper()
	_, _, err := f.provider.Admin.AddUser(t.Context(), admin.NewUser{Email: email, Password: umbraPassword, Memberships: map[string]identity.Role{"umbra": role}})
	if err != nil {
		t.Fatal(err)
	}
	b := f.provider.Browser()
	page := b.Submit(f.provider.URL+"/login?next=/settings", templates.FieldEmail, email, templates.FieldPassword, umbraPassword)
	if page.URL.Path != "/settings" {
		t.Fatalf("%s is at %s: %d", email, page.URL, page.Status)
	}
	return b
}

// ownerDoors are the routes of who owns an account, and those that end more than an attempt should, in the hands of people who are there
// for nothing else.
func (f *fixture) ownerDoors(t testing.TB) (doors []door) {
	t.Helper()
	add := func(method, path string, b *vestibuletest.Browser, query, fields url.Values) {
		doors = append(doors, door{method, path, []string{f.cookies(b)}, query, fields})
	}
	f.provider.Clock.Advance(time.Minute) // one address may not log in more often
	if _, err := f.provider.Admin.AddAccount(t.Context(), admin.NewAccount{Slug: "umbra", Name: "Umbra"}); err != nil {
		t.Fatal(err)
	}
	owner := f.inUmbra(t, "dana@example.com", identity.RoleOwner)
	member := f.inUmbra(t, "mia@example.com", identity.RoleMember)
	f.inUmbra(t, "max@example.com", identity.RoleMember)

	const at = "/settings/accounts/umbra"
	add("GET", "/settings/accounts", owner, url.Values{"saved": {""}}, nil)
	add("GET", at, owner, url.Values{"saved": {""}}, nil)
	add("GET", at+"/two-factor/admins", owner, nil, nil)
	add("GET", at+"/two-factor/%3Cscript%3Evestibule()%3C%2Fscript%3E", owner, nil, nil)
	add("POST", at+"/two-factor/members", owner, nil, url.Values{"x": {"y"}}) // an owner without a factor goes on to manage it
	add("POST", at+"/invite", owner, nil, url.Values{templates.FieldEmail: {"guest@example.com"}, templates.FieldRole: {"member"}})
	add("POST", at+"/role", owner, nil, url.Values{templates.FieldMember: {"mia@example.com"}, templates.FieldRole: {"admin"}})
	add("POST", at+"/remind", owner, nil, url.Values{templates.FieldMember: {"mia@example.com"}})
	add("POST", at+"/remove", owner, nil, url.Values{templates.FieldMember: {"max@example.com"}})
	add("GET", "/settings/recoveries/"+forgedID, owner, nil, nil)

	add("POST", "/settings/sessions/end-others", member, nil, url.Values{"x": {"y"}})
	add("POST", "/settings/two-factor/on", member, nil, url.Values{"x": {"y"}})
	return doors
}
