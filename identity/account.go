package identity

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// TwoFactor is an account's two-factor policy: whom it asks for a code.
type TwoFactor string

// The two-factor policies.
const (
	TwoFactorOff     TwoFactor = "off"
	TwoFactorAll     TwoFactor = "all"
	TwoFactorAdmins  TwoFactor = "admins"  // owners and admins
	TwoFactorMembers TwoFactor = "members" // members that are neither owner nor admin
)

// Switching is what an account with two-factor authentication asks of a session that was opened
// for another account.
type Switching string

// The switching policies.
const (
	SwitchRelogin       Switching = "relogin"        // log out and log in again, password and code
	SwitchStepUp        Switching = "step_up"        // only the code
	SwitchAcceptSession Switching = "accept_session" // a code given in this session for any account will do
)

// ResetPolicy is what a forgotten password needs besides the mailbox.
type ResetPolicy string

// The reset policies.
const (
	ResetProve   ResetPolicy = "prove"
	ResetMailbox ResetPolicy = "mailbox"
)

// PasskeyPolicy is whether an account takes a passkey for the second factor.
type PasskeyPolicy string

// The passkey policies.
const (
	PasskeysAllowed PasskeyPolicy = "allowed"
	PasskeysRefused PasskeyPolicy = "refused"
)

// Role is what a person may do in an account.
type Role string

// The roles.
const (
	RoleOwner  Role = "owner"
	RoleAdmin  Role = "admin"
	RoleMember Role = "member"
)

// Account is a customer: a tenant with members and a two-factor policy.
type Account struct {
	ID        AccountID
	Slug      string // lower case, unique; names the account in URLs and scopes
	Name      string
	TwoFactor TwoFactor
	Switching Switching
	Reset     ResetPolicy
	Passkeys  PasskeyPolicy
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Membership is a person's place in an account, loaded together with the account.
type Membership struct {
	UserID    UserID
	Account   Account
	Role      Role
	CreatedAt time.Time
}

// ErrMember says that a person belongs to an account already.
var ErrMember = errors.New("the person belongs to the account already")

// ErrTooSoon says that a person has been sent enough letters for now.
var ErrTooSoon = errors.New("the person has just been sent a letter")

// ErrLastOwner says that an account would be left without an owner.
var ErrLastOwner = errors.New("an account keeps at least one owner")

// RequiresSecondFactor reports whether the account asks this member for a second factor.
func (m Membership) RequiresSecondFactor() bool { return m.Account.RequiresSecondFactorOf(m.Role) }

// RequiresSecondFactorOf reports whether the account asks a member with that role for a second factor.
func (a Account) RequiresSecondFactorOf(r Role) bool {
	switch a.TwoFactor {
	case TwoFactorAll:
		return true
	case TwoFactorAdmins:
		return r == RoleOwner || r == RoleAdmin
	case TwoFactorMembers:
		return r == RoleMember
	}
	return false
}

// RefusesPasskeys reports whether a passkey is no second factor for this account.
func (a Account) RefusesPasskeys() bool { return a.Passkeys == PasskeysRefused }

var slugShape = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`)

// NewAccount returns an account without two-factor authentication. It fails, naming what is
// wrong, when the slug or the name cannot be used.
func NewAccount(slug, name string, now time.Time) (Account, error) {
	a := Account{
		ID: AccountID(NewID()), Slug: slug, Name: strings.TrimSpace(name),
		TwoFactor: TwoFactorOff, Switching: SwitchRelogin, Reset: ResetProve, Passkeys: PasskeysAllowed, CreatedAt: now, UpdatedAt: now,
	}
	return a, a.Validate()
}

// Validate names the first field that cannot be used, with what would be accepted.
func (a Account) Validate() error {
	switch {
	case !slugShape.MatchString(a.Slug):
		return fmt.Errorf("account slug %q: use 1 to 63 of a–z, 0–9 and -, not at the ends", a.Slug)
	case a.Name == "" || len(a.Name) > 200:
		return fmt.Errorf("account %s: the name needs 1 to 200 bytes", a.Slug)
	case a.TwoFactor.Validate() != nil:
		return fmt.Errorf("account %s: %w", a.Slug, a.TwoFactor.Validate())
	case !oneOf(a.Switching, SwitchRelogin, SwitchStepUp, SwitchAcceptSession):
		return fmt.Errorf("account %s: switching %q is not relogin, step_up or accept_session", a.Slug, a.Switching)
	case !oneOf(a.Reset, ResetProve, ResetMailbox):
		return fmt.Errorf("account %s: reset %q is not prove or mailbox", a.Slug, a.Reset)
	case !oneOf(a.Passkeys, PasskeysAllowed, PasskeysRefused):
		return fmt.Errorf("account %s: passkeys %q is not allowed or refused", a.Slug, a.Passkeys)
	}
	return nil
}

// Validate reports a policy that does not exist.
func (t TwoFactor) Validate() error {
	if !oneOf(t, TwoFactorOff, TwoFactorAll, TwoFactorAdmins, TwoFactorMembers) {
		return fmt.Errorf("two_factor %q is not off, all, admins or members", t)
	}
	return nil
}

// Validate reports a role that does not exist.
func (r Role) Validate() error {
	if !oneOf(r, RoleOwner, RoleAdmin, RoleMember) {
		return fmt.Errorf("role %q is not owner, admin or member", r)
	}
	return nil
}

func oneOf[T comparable](v T, all ...T) bool {
	for _, a := range all {
		if v == a {
			return true
		}
	}
	return false
}
