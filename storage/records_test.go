package storage_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

func TestEveryRecordComesBackAsItWasWritten(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		u, _ := identity.NewUser("Ada@Example.com", "Ada Park", noon)
		u.SecondFactor, u.Locale = true, "de"
		acme, _ := identity.NewAccount("acme", "Acme Media", noon)
		acme.TwoFactor = identity.TwoFactorAll
		member := identity.Membership{UserID: u.ID, Account: acme, Role: identity.RoleOwner, CreatedAt: noon}
		auth, _ := identity.NewAuthenticator(u.ID, noon)
		enrollment, token := identity.NewEnrollment(u.ID, acme.ID, noon)
		session, _ := identity.NewSession(u, true, noon.Add(123*time.Microsecond))
		cookie := session.Prove(identity.Proof{Method: identity.MethodTOTP, At: noon, Account: acme.ID})
		entry, _ := session.Enter(acme.ID, noon.Add(time.Second))
		client := identity.Client{ID: "cms", RedirectURIs: []string{"http://localhost:8081/callback"}, CreatedAt: noon, UpdatedAt: noon}.WithDefaults()
		client.RotateSecret(0, noon)
		age := int64(60)
		request := identity.AuthorizationRequest{
			ID: "r1", ClientID: "cms", Scopes: []string{"openid"}, CreatedAt: noon, ExpiresAt: noon.Add(time.Minute),
			Wants: identity.Wants{Since: noon, MaxAge: &age, Prompts: []identity.Prompt{identity.PromptLogin}},
		}
		decision := identity.Decide(noon.Add(time.Second), identity.Person{User: u, Memberships: []identity.Membership{member}}, session.Evidence(), identity.Wants{})
		grant := identity.NewGrant(request, session, entry, decision, noon)
		key, _ := identity.NewSigningKey(identity.ES256, noon, noon)

		write(t, db, func(tx *storage.Tx) error {
			return errors.Join(
				tx.SaveUser(ctx, u), tx.SaveAccount(ctx, acme), tx.SaveMembership(ctx, member),
				tx.AddEnrollment(ctx, enrollment), tx.AddAuthenticator(ctx, auth), tx.AddSession(ctx, session), tx.SaveEntry(ctx, entry), tx.SaveClient(ctx, client),
				tx.AddAuthorizationRequest(ctx, request), tx.AddGrant(ctx, grant), tx.SaveSigningKey(ctx, key),
			)
		})

		same(t, "user", u)(db.User(ctx, u.ID))
		same(t, "user by address", u)(db.UserByEmail(ctx, "ada@example.com"))
		same(t, "account by slug", acme)(db.Account(ctx, "acme"))
		same(t, "account by id", acme)(db.Account(ctx, string(acme.ID)))
		same(t, "memberships", []identity.Membership{member})(db.MembershipsOf(ctx, u.ID))
		same(t, "authenticator", auth)(db.Authenticator(ctx, auth.ID))
		same(t, "enrollment", enrollment)(db.Enrollment(ctx, identity.DigestOf(token)))
		same(t, "session", session)(db.Session(ctx, identity.DigestOf(cookie)))
		same(t, "client", client)(db.Client(ctx, "cms"))
		same(t, "request", request)(db.AuthorizationRequest(ctx, "r1"))
		same(t, "signing keys", []identity.SigningKey{key})(db.SigningKeys(ctx))
		standing, err := db.Standing(ctx, grant.ID)
		same(t, "grant", grant)(standing.Grant, err)
		same(t, "grant's person", identity.Person{User: u, Memberships: []identity.Membership{member}})(standing.Person, err)
	})
}

// same returns a check that a read gave what was written.
func same[T any](t *testing.T, what string, want T) func(T, error) {
	return func(got T, err error) {
		t.Helper()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", what, got, err, want)
		}
	}
}
