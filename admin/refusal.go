package admin

import (
	"context"
	"errors"
	"fmt"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// Refusal is the answer to an operator who asked for what cannot be done. Any other error of an act is
// not the operator's doing.
type Refusal struct {
	Problem string // what is wrong
	Hint    string // what to do about it, often a command; may be empty
	cause   error  // the rule behind it, for doors with words of their own; may be nil
}

// Unwrap returns the rule that was broken, such as [identity.ErrLastOwner].
func (r *Refusal) Unwrap() error { return r.cause }

// Error is the problem with the hint in parentheses.
func (r *Refusal) Error() string {
	if r.Hint == "" {
		return r.Problem
	}
	return r.Problem + " (" + r.Hint + ")"
}

func refuse(hint, problem string, args ...any) error {
	return &Refusal{Problem: fmt.Sprintf(problem, args...), Hint: hint}
}

// findAccount returns the account with that slug or id, or a refusal with the nearest slug.
func findAccount(ctx context.Context, q storage.Queries, name string) (identity.Account, error) {
	account, err := q.Account(ctx, name)
	if !errors.Is(err, storage.ErrNotFound) {
		return account, err
	}
	all, err := q.Accounts(ctx)
	if err != nil {
		return account, err
	}
	return account, unknown("account", name, namesOf(all, func(a identity.Account) string { return a.Slug }))
}

// findUser returns the person with that address, or a refusal with the nearest one.
func findUser(ctx context.Context, q storage.Queries, email string) (identity.User, error) {
	folded, err := foldEmail(email)
	if err != nil {
		return identity.User{}, err
	}
	user, err := q.UserByEmail(ctx, folded)
	if !errors.Is(err, storage.ErrNotFound) {
		return user, err
	}
	all, err := q.Users(ctx)
	if err != nil {
		return user, err
	}
	return user, unknown("user", folded, namesOf(all, func(u identity.User) string { return u.Email }))
}

// findClient returns the client with that id, or a refusal with the nearest one.
func findClient(ctx context.Context, q storage.Queries, id identity.ClientID) (identity.Client, error) {
	client, err := q.Client(ctx, id)
	if !errors.Is(err, storage.ErrNotFound) {
		return client, err
	}
	all, err := q.Clients(ctx)
	if err != nil {
		return client, err
	}
	return client, unknown("client", string(id), namesOf(all, func(c identity.Client) string { return string(c.ID) }))
}

// foldEmail refuses with an example: the address was typed by hand.
func foldEmail(email string) (string, error) {
	folded, err := identity.FoldEmail(email)
	if err != nil {
		return "", refuse("write it like ada@example.com", "%q is not an e-mail address", email)
	}
	return folded, nil
}

func namesOf[T any](all []T, name func(T) string) []string {
	names := make([]string, len(all))
	for i, v := range all {
		names[i] = name(v)
	}
	return names
}

// unknown refuses a name and offers the nearest one that exists. The kind is also the command that
// lists them.
func unknown(kind, name string, known []string) error {
	problem := fmt.Sprintf("no %s %q", kind, name)
	if near := nearest(name, known); near != "" {
		problem += "; did you mean " + near + "?"
	}
	return &Refusal{Problem: problem, Hint: "vestibule " + kind + " list"}
}

// nearest returns the name that takes the fewest edits, if they are few enough for a slip of the hand.
func nearest(name string, known []string) (best string) {
	fewest := max(2, len(name)/4) + 1
	for _, k := range known {
		if d := edits(name, k); d < fewest {
			best, fewest = k, d
		}
	}
	return best
}

// edits counts the letters to insert, delete or replace on the way from a to b (Levenshtein).
func edits(a, b string) int {
	from, to := []rune(a), []rune(b)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range to {
			cost := diagonal
			if r != s {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(to)]
}
