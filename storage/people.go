package storage

import (
	"context"
	"slices"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

// provable says of the person whose id stands in a column whether they have an authenticator that is confirmed, a passkey, and an app that
// wrong codes have switched off. Whoever decides about a person reads all three.
func provable(user string) string {
	app := "EXISTS (SELECT 1 FROM authenticators t WHERE t.user_id = " + user + " AND t.confirmed_at IS NOT NULL AND t."
	return app + "disabled_at IS NULL), " + hasPasskeys(user) + ", " + app + "exhausted)"
}

func provablePlaces(p *identity.Person) []any { return []any{&p.Confirmed, &p.Passkeys, &p.Exhausted} }

// factorNames adds whether a person u has a pending authenticator: its QR code was shown through a link that is still good at $2.
var factorNames = provable("u.id") + `, EXISTS (SELECT 1 FROM authenticators t JOIN enrollments e ON e.authenticator_id = t.id
		WHERE t.user_id = u.id AND t.confirmed_at IS NULL AND t.disabled_at IS NULL
		AND NOT e.own AND e.superseded_at IS NULL AND e.confirmed_at IS NULL AND e.expires_at > $2)`

func factorPlaces(p *identity.Person) []any { return append(provablePlaces(p), &p.Pending) }

// memberNames and memberPlaces belong together, see [membershipNames].
var memberNames = users.names("u.") + ", " + membershipNames + ", " + factorNames

func memberPlaces(p *identity.Person) []any {
	p.Memberships = make([]identity.Membership, 1)
	return slices.Concat(users.args(nil, &p.User), membershipPlaces(&p.Memberships[0]), factorPlaces(p))
}

var peopleOfAccount = "SELECT " + memberNames + ` FROM memberships m
	JOIN users u ON u.id = m.user_id JOIN accounts a ON a.id = m.account_id
	WHERE m.account_id = $1 ORDER BY u.email`

// PeopleOf returns the members of an account with the state of their authenticators, by address. Their
// Memberships hold this account alone: one statement serves an account of any size.
func (q Queries) PeopleOf(ctx context.Context, account identity.AccountID, now time.Time) ([]identity.Person, error) {
	return rows(ctx, q, memberPlaces, peopleOfAccount, account, at(now))
}
