package storage_test

import (
	"errors"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

func TestPeopleOfAnAccountAreReadAsOneByOne(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		acme, _ := identity.NewAccount("acme", "Acme Media", noon)
		confirmed, _ := identity.NewUser("confirmed@example.com", "Con", noon)
		pending, _ := identity.NewUser("pending@example.com", "Pen", noon)
		without, _ := identity.NewUser("without@example.com", "Wit", noon)
		factor, _ := identity.NewAuthenticator(confirmed.ID, noon)
		factor.ConfirmedAt = noon
		shown, _ := identity.NewAuthenticator(pending.ID, noon)
		link, token := identity.NewEnrollment(pending.ID, acme.ID, noon)
		write(t, db, func(tx *storage.Tx) error {
			err := tx.SaveAccount(ctx, acme)
			for _, u := range []identity.User{confirmed, pending, without} {
				err = errors.Join(err, tx.SaveUser(ctx, u),
					tx.SaveMembership(ctx, identity.Membership{UserID: u.ID, Account: acme, Role: identity.RoleMember, CreatedAt: noon}))
			}
			return errors.Join(err, tx.AddAuthenticator(ctx, factor), tx.AddEnrollment(ctx, link), tx.AddAuthenticator(ctx, shown),
				tx.RevealEnrollment(ctx, identity.DigestOf(token), "", shown.ID, noon))
		})
		for _, now := range []time.Time{noon, noon.Add(identity.EnrollmentLifetime)} {
			var want []identity.Person
			for _, u := range []identity.User{confirmed, pending, without} {
				p, err := db.Person(ctx, u.ID, now)
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, p)
			}
			same(t, "people", want)(db.PeopleOf(ctx, acme.ID, now))
		}
	})
}

func TestSessionsAreFoundByPersonAndByAccount(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, u := t.Context(), ada(t, db)
		acme, _ := identity.NewAccount("acme", "Acme Media", noon)
		globex, _ := identity.NewAccount("globex", "Globex", noon)
		s, _ := identity.NewSession(u, false, noon)
		inAcme, _ := s.Enter(acme.ID, noon)
		inGlobex, _ := s.Enter(globex.ID, noon.Add(time.Second))
		write(t, db, func(tx *storage.Tx) error {
			return errors.Join(tx.SaveAccount(ctx, acme), tx.SaveAccount(ctx, globex),
				tx.AddSession(ctx, s), tx.SaveEntry(ctx, inAcme), tx.SaveEntry(ctx, inGlobex))
		})
		same(t, "the person's", []identity.Session{s})(db.SessionsOf(ctx, u.ID))
		inside := s
		inside.Entries = []identity.Entry{inGlobex}
		same(t, "the account's", []identity.Session{inside})(db.SessionsIn(ctx, globex.ID))

		write(t, db, func(tx *storage.Tx) error { return tx.EndEntry(ctx, inGlobex.ID, noon) })
		same(t, "the account's, left", []identity.Session(nil))(db.SessionsIn(ctx, globex.ID))
		write(t, db, func(tx *storage.Tx) error { return tx.EndSession(ctx, s.ID, noon) })
		same(t, "the person's, ended", []identity.Session(nil))(db.SessionsOf(ctx, u.ID))
	})
}
