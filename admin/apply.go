package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// Difference is one record in which the file and the database differed.
type Difference struct {
	New    bool     `json:"new"`
	Kind   string   `json:"kind"` // account, person, membership, authenticator or client
	Name   string   `json:"name"`
	Detail []string `json:"detail,omitempty"` // what changed; never a secret
}

// String is a line like "~ account acme: two_factor off → all".
func (d Difference) String() string {
	line := "~ "
	if d.New {
		line = "+ "
	}
	line += d.Kind + " " + d.Name
	if len(d.Detail) > 0 {
		line += ": " + strings.Join(d.Detail, ", ")
	}
	return line
}

// Applied is what applying a file did, or would have done.
type Applied struct {
	Differences []Difference `json:"differences"`
	Effects     Effects      `json:"effects"`
	Notes       []string     `json:"notes,omitempty"` // what was left alone on purpose
}

// errDryRun takes a dry run back.
var errDryRun = errors.New("dry run")

// Apply brings about what the file says, in one transaction, and returns the differences it found. A second
// run finds none. Nothing is deleted. Policies and roles that newly ask for a second factor have the
// effects of [Admin.RequireTwoFactor]. A dry run does all of it and takes it back.
func (a *Admin) Apply(ctx context.Context, f File, dryRun bool) (Applied, error) {
	now := a.now()
	hashes, err := a.hashAhead(ctx, f)
	if err != nil {
		return Applied{}, err
	}
	var run *application
	err = a.write(ctx, func(tx *storage.Tx) error {
		run = &application{Admin: a, tx: tx, now: now, hashes: hashes}
		if err := run.all(ctx, f); err != nil {
			return err
		}
		if dryRun {
			return errDryRun
		}
		return nil
	})
	if err != nil && !errors.Is(err, errDryRun) {
		return Applied{}, err
	}
	if !dryRun {
		a.log.Info("file applied", "differences", len(run.result.Differences), "invited", run.result.Effects.Invited)
	}
	return run.result, nil
}

// application is one run over a file.
type application struct {
	*Admin
	tx      *storage.Tx
	now     time.Time
	hashes  map[string]plannedHash // by address
	touched []members              // accounts as they stood before the run changed them
	result  Applied
}

// all goes through the file: accounts first, because people name them. Letters and ends come last, once
// everybody's place is known, so that nobody gets a letter too many.
func (r *application) all(ctx context.Context, f File) error {
	for _, account := range f.Accounts {
		if err := r.account(ctx, account); err != nil {
			return err
		}
	}
	for _, client := range f.Clients {
		if err := r.client(ctx, client); err != nil {
			return err
		}
	}
	for _, person := range f.People {
		if err := r.person(ctx, person); err != nil {
			return fmt.Errorf("people: %s: %w", person.Email, err)
		}
	}
	for _, before := range r.touched {
		effects, err := r.settle(ctx, r.tx, before, r.now)
		if err != nil {
			return err
		}
		r.result.Effects.add(effects)
	}
	return nil
}

// touch remembers how an account stood, before the first change to it.
func (r *application) touch(ctx context.Context, account identity.AccountID) error {
	if slices.ContainsFunc(r.touched, func(m members) bool { return m.account == account }) {
		return nil
	}
	before, err := membersOf(ctx, r.tx, account, r.now)
	r.touched = append(r.touched, before)
	return err
}

// differs is the only place where a difference is noted, so that a dry run and a run cannot disagree.
func (r *application) differs(d Difference) { r.result.Differences = append(r.result.Differences, d) }

// account brings one account about. The id is never in the file: it is made once and stays, because
// products know the account by it.
func (r *application) account(ctx context.Context, f FileAccount) error {
	had, err := r.tx.Account(ctx, f.Slug)
	isNew := errors.Is(err, storage.ErrNotFound)
	if err != nil && !isNew {
		return err
	}
	account := had
	if isNew {
		if account, err = identity.NewAccount(f.Slug, f.Name, r.now); err != nil {
			return err
		}
	} else if had.Slug != f.Slug {
		return fmt.Errorf("accounts: %q is the id of %s; name accounts by their slug", f.Slug, had.Slug)
	}
	account.Name = cmp.Or(f.Name, account.Name)
	set(&account.TwoFactor, f.TwoFactor)
	set(&account.Switching, f.Switching)
	set(&account.Reset, f.Reset)
	set(&account.Passkeys, f.Passkeys)
	if account == had {
		return nil
	}
	return r.saveAccount(ctx, had, account, isNew)
}

// saveAccount saves a new or changed account. The two-factor policy has an event of its own, as if it had
// been set by [Admin.RequireTwoFactor].
func (r *application) saveAccount(ctx context.Context, had, account identity.Account, isNew bool) error {
	if err := account.Validate(); err != nil {
		return err
	}
	if err := r.touch(ctx, account.ID); err != nil {
		return err
	}
	detail := accountChanges(had, account)
	r.differs(Difference{isNew, "account", account.Slug, detail})
	account.UpdatedAt = r.now
	err := r.tx.SaveAccount(ctx, account)
	if isNew {
		had.TwoFactor = identity.TwoFactorOff
	}
	if had.TwoFactor != account.TwoFactor {
		err = errors.Join(err, r.recordTwoFactor(ctx, r.tx, account, had.TwoFactor))
	}
	had.TwoFactor = account.TwoFactor
	if others := accountChanges(had, account); len(others) > 0 {
		err = errors.Join(err, r.record(ctx, r.tx, identity.EventAccountChanged, concerning{account: account.ID}, strings.Join(others, ", "), r.now))
	}
	return err
}

// accountChanges names the fields as the file does.
func accountChanges(had, account identity.Account) []string {
	return changes(
		field{"name", had.Name, account.Name}, field{"two_factor", had.TwoFactor, account.TwoFactor},
		field{"switching", had.Switching, account.Switching}, field{"reset", had.Reset, account.Reset},
		field{"passkeys", had.Passkeys, account.Passkeys})
}

// field is a value before and after.
type field struct {
	name      string
	had, have any
}

// changes describes the fields that differ; for a new record all of them.
func changes(fields ...field) []string {
	var all []string
	for _, f := range fields {
		had, have := fmt.Sprint(f.had), fmt.Sprint(f.have)
		switch {
		case had == have:
		case had == "" || had == "[]" || had == "false":
			all = append(all, f.name+" "+have)
		default:
			all = append(all, f.name+" "+had+" → "+have)
		}
	}
	return all
}
