package admin

import (
	"context"
	"errors"
	"fmt"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// NewAccount says what an account to be added is like. Empty policies take the defaults.
type NewAccount struct {
	Slug      string
	Name      string
	TwoFactor identity.TwoFactor
	Switching identity.Switching
	Reset     identity.ResetPolicy
	Passkeys  identity.PasskeyPolicy
}

// AddAccount adds an account without members.
func (a *Admin) AddAccount(ctx context.Context, n NewAccount) (identity.Account, error) {
	now := a.now()
	account, err := identity.NewAccount(n.Slug, n.Name, now)
	if err != nil {
		return account, err
	}
	set(&account.TwoFactor, n.TwoFactor)
	set(&account.Switching, n.Switching)
	set(&account.Reset, n.Reset)
	set(&account.Passkeys, n.Passkeys)
	if err := account.Validate(); err != nil {
		return account, err
	}
	err = a.write(ctx, func(tx *storage.Tx) error {
		return errors.Join(
			tx.SaveAccount(ctx, account),
			a.record(ctx, tx, identity.EventAccountChanged, concerning{account: account.ID}, "added, two-factor "+string(account.TwoFactor), now))
	})
	if errors.Is(err, storage.ErrExists) {
		err = refuse("vestibule account list", "there is an account %q already", account.Slug)
	}
	return account, err
}

// set replaces a value unless the new one is empty.
func set[T ~string](field *T, value T) {
	if value != "" {
		*field = value
	}
}

// Accounts returns all accounts, by slug.
func (a *Admin) Accounts(ctx context.Context) ([]identity.Account, error) { return a.db.Accounts(ctx) }

// Members returns an account and who belongs to it, by address. The people's Memberships hold this
// account alone.
func (a *Admin) Members(ctx context.Context, account string) (identity.Account, []identity.Person, error) {
	found, err := findAccount(ctx, a.db.Queries, account)
	if err != nil {
		return found, nil, err
	}
	people, err := a.db.PeopleOf(ctx, found.ID, a.now())
	return found, people, err
}

// TwoFactorReport is what turning two-factor authentication on, off or over did.
type TwoFactorReport struct {
	Account identity.Account // as it is now
	Before  identity.TwoFactor
	Effects Effects
}

// RequireTwoFactor sets whom an account asks for a second factor. Members who are newly asked get a letter:
// the link to the QR screen, or that there is nothing to do for those who have an authenticator. Sessions
// and grants that do not satisfy the account end with the commit; what the same people have open for
// other accounts is not touched. Setting the mode an account already has does nothing.
func (a *Admin) RequireTwoFactor(ctx context.Context, account string, mode identity.TwoFactor) (TwoFactorReport, error) {
	report, err := a.requireTwoFactor(ctx, account, mode, false)
	if err == nil && report.Before != mode {
		a.log.Info("two-factor policy changed", "account", report.Account.Slug, "from", report.Before, "to", mode,
			"invited", report.Effects.Invited, "informed", report.Effects.Informed,
			"sessions_ended", report.Effects.SessionsEnded, "grants_revoked", report.Effects.GrantsRevoked)
	}
	return report, err
}

// PreviewTwoFactor says what [Admin.RequireTwoFactor] would do. It does all of it and takes it back, so that the two cannot disagree.
func (a *Admin) PreviewTwoFactor(ctx context.Context, account string, mode identity.TwoFactor) (TwoFactorReport, error) {
	report, err := a.requireTwoFactor(ctx, account, mode, true)
	if errors.Is(err, errDryRun) {
		err = nil
	}
	return report, err
}

func (a *Admin) requireTwoFactor(ctx context.Context, account string, mode identity.TwoFactor, dryRun bool) (report TwoFactorReport, err error) {
	now := a.now()
	err = a.write(ctx, func(tx *storage.Tx) error {
		found, err := findAccount(ctx, tx.Queries, account)
		if err != nil {
			return err
		}
		report = TwoFactorReport{Account: found, Before: found.TwoFactor}
		if found.TwoFactor == mode {
			return nil
		}
		before, err := membersOf(ctx, tx, found.ID, now)
		if err != nil {
			return err
		}
		report.Account.TwoFactor, report.Account.UpdatedAt = mode, now
		if err := report.Account.Validate(); err != nil {
			return err
		}
		if err := errors.Join(tx.SaveAccount(ctx, report.Account), a.recordTwoFactor(ctx, tx, report.Account, report.Before)); err != nil {
			return err
		}
		if report.Effects, err = a.settle(ctx, tx, before, now); err == nil && dryRun {
			err = errDryRun
		}
		return err
	})
	return report, err
}

// recordTwoFactor puts a change of the policy on record, by whatever way it came.
func (a *Admin) recordTwoFactor(ctx context.Context, tx *storage.Tx, account identity.Account, before identity.TwoFactor) error {
	return a.record(ctx, tx, identity.EventTwoFactorChanged, concerning{account: account.ID},
		fmt.Sprintf("%s → %s", before, account.TwoFactor), account.UpdatedAt)
}
