package admin

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// plannedHash is the hash a person gets for the password or the hash in the file, made ahead of the transaction.
type plannedHash struct {
	had   string // the stored hash that was looked at
	fresh string // empty: the password is the one the person has
}

// hashAhead checks every password of the file against the stored hash and hashes those that differ. Each
// costs as much as a login, which a transaction should not wait for.
func (a *Admin) hashAhead(ctx context.Context, f File) (map[string]plannedHash, error) {
	planned := map[string]plannedHash{}
	for _, p := range f.People {
		if p.Password == "" && p.PasswordHash == "" {
			continue
		}
		plan, err := a.planHash(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("people: %s: %w", p.Email, err)
		}
		planned[p.Email] = plan
	}
	return planned, nil
}

// planHash applies the rules for new passwords only to one that is new: what a person has already may be
// older than the rules.
func (a *Admin) planHash(ctx context.Context, p FilePerson) (plan plannedHash, err error) {
	user, err := a.db.UserByEmail(ctx, p.Email)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return plan, err
	}
	plan.had = user.PasswordHash
	if plan.had != "" && (p.imported || p.PasswordHash != "") { // it is the person's own by now
		return plan, nil
	}
	if p.PasswordHash != "" {
		plan.fresh, err = a.hasher.Adopt(ctx, p.PasswordHash)
		return plan, err
	}
	if plan.had != "" {
		same, _, err := a.hasher.Verify(ctx, plan.had, p.Password)
		if err != nil || same {
			return plan, err
		}
	}
	about := identity.User{Email: p.Email, Name: p.Name}
	if err := a.checkPassword(ctx, p.Password, about, slices.Collect(maps.Keys(p.Memberships))); err != nil {
		return plan, err
	}
	plan.fresh, err = a.hasher.Hash(ctx, p.Password)
	return plan, err
}

// person brings one person about, found by the folded address.
func (r *application) person(ctx context.Context, f FilePerson) error {
	had, err := r.tx.UserByEmail(ctx, f.Email)
	isNew := errors.Is(err, storage.ErrNotFound)
	if err != nil && !isNew {
		return err
	}
	user := had
	if isNew {
		if user, err = identity.NewUser(f.Email, f.Name, r.now); err != nil {
			return err
		}
	}
	if !f.imported || had.PasswordHash == "" { // who has a password has moved in, and says themselves who they are
		f.describe(&user)
	}
	passwordChanged, err := r.password(f, &user)
	if err != nil {
		return err
	}
	if user != had {
		if err := r.saveUser(ctx, had, user, isNew, passwordChanged); err != nil {
			return err
		}
	}
	if err := r.authenticator(ctx, user, f.TOTPSecret); err != nil {
		return err
	}
	return r.memberships(ctx, user, f)
}

// describe writes what the file says of a person into the record.
func (p FilePerson) describe(u *identity.User) {
	u.Name = cmp.Or(strings.TrimSpace(p.Name), u.Name)
	u.GivenName = cmp.Or(p.GivenName, u.GivenName)
	u.FamilyName = cmp.Or(p.FamilyName, u.FamilyName)
	u.Locale = cmp.Or(p.Locale, u.Locale)
	if p.EmailVerified != nil {
		u.EmailVerified = *p.EmailVerified
	}
}

// password sets the hash that was made ahead. If the stored one is not the one that was looked at then,
// somebody has set a password in between, and overwriting it unseen would be wrong.
func (r *application) password(f FilePerson, u *identity.User) (changed bool, err error) {
	hash := ""
	if plan, ok := r.hashes[f.Email]; ok {
		if plan.had != u.PasswordHash {
			return false, refuse("run it again", "the password was changed by somebody else meanwhile")
		}
		hash = plan.fresh
	}
	if hash != "" {
		u.SetPassword(hash, r.now)
	}
	return hash != "", nil
}

// saveUser never notes a password in words, only that it changed.
func (r *application) saveUser(ctx context.Context, had, u identity.User, isNew, passwordChanged bool) error {
	detail := changes(
		field{"name", had.Name, u.Name}, field{"given_name", had.GivenName, u.GivenName}, field{"family_name", had.FamilyName, u.FamilyName},
		field{"locale", had.Locale, u.Locale}, field{"email_verified", had.EmailVerified, u.EmailVerified})
	if passwordChanged {
		detail = append(detail, "password")
	}
	r.differs(Difference{isNew, "person", u.Email, detail})
	u.UpdatedAt = r.now
	if err := r.tx.SaveUser(ctx, u); err != nil {
		return err
	}
	if passwordChanged && !isNew { // what the old password opened ends here
		if err := r.tx.EndSessionsOf(ctx, u.ID, r.now); err != nil {
			return err
		}
	}
	return r.record(ctx, r.tx, identity.EventUserChanged, concerning{user: u.ID}, strings.Join(detail, ", "), r.now)
}

// authenticator imports the secret of an app the person uses already. A confirmed authenticator is never
// replaced, and a difference is told. One that was voided, by a reset or by wrong codes, stays so: the file knows only what once was,
// and the phone may be in other hands.
func (r *application) authenticator(ctx context.Context, u identity.User, text string) error {
	if text == "" {
		return nil
	}
	secret, err := identity.ParseTOTPKeyText(text)
	if err != nil {
		return err
	}
	switch last, err := r.tx.LastAuthenticator(ctx, u.ID); {
	case err == nil && !last.DisabledAt.IsZero():
		r.result.Notes = append(r.result.Notes, "person "+u.Email+" has had an authenticator that is void now; totp_secret was left alone")
		return nil
	case err == nil && !bytes.Equal(last.Secret, secret):
		r.result.Notes = append(r.result.Notes, "person "+u.Email+" has another authenticator by now; totp_secret was left alone")
		return nil
	case !errors.Is(err, storage.ErrNotFound):
		return err // or it is there already
	}
	r.differs(Difference{New: true, Kind: "authenticator", Name: u.Email})
	imported := identity.Authenticator{ID: identity.NewID(), UserID: u.ID, Secret: secret, ConfirmedAt: r.now, CreatedAt: r.now}
	return errors.Join(
		r.tx.DropPendingAuthenticators(ctx, u.ID),
		r.tx.AddAuthenticator(ctx, imported),
		r.record(ctx, r.tx, identity.EventEnrollmentConfirmed, concerning{user: u.ID}, "imported", r.now))
}

// memberships goes by slug, so that two runs write the same trail.
func (r *application) memberships(ctx context.Context, u identity.User, f FilePerson) error {
	for _, slug := range slices.Sorted(maps.Keys(f.Memberships)) {
		account, err := findAccount(ctx, r.tx.Queries, slug)
		if err != nil {
			return err
		}
		if err := r.membership(ctx, u, account, f.Memberships[slug], f.imported); err != nil {
			return err
		}
	}
	return nil
}

// membership adds a place or, unless it is to stay, changes the role. Whether that sends a letter is settled at the end.
func (r *application) membership(ctx context.Context, u identity.User, account identity.Account, role identity.Role, stays bool) error {
	all, err := r.tx.MembershipsOf(ctx, u.ID)
	if err != nil {
		return err
	}
	d := Difference{true, "membership", u.Email + " in " + account.Slug, []string{string(role)}}
	m := identity.Membership{UserID: u.ID, Account: account, Role: role, CreatedAt: r.now}
	for _, has := range all {
		if has.Account.ID != account.ID {
			continue
		}
		if has.Role == role || stays {
			return nil
		}
		m.CreatedAt = has.CreatedAt
		d.New, d.Detail = false, []string{string(has.Role) + " → " + string(role)}
	}
	if err := r.touch(ctx, account.ID); err != nil {
		return err
	}
	r.differs(d)
	return r.saveMembership(ctx, r.tx, m, strings.Join(d.Detail, ""), r.now)
}
