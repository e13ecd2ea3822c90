package templates

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// The names of the form fields of account pages.
const (
	FieldRole   = "role"   // ManageAccount
	FieldMember = "member" // ManageAccount; the address of the member whose button was pressed
)

// WhomToAsk is whom an account asks for a code, with the values that records use.
type WhomToAsk string

var whomToAskKeys = map[WhomToAsk]string{
	"off": "whom-to-ask.off", "all": "whom-to-ask.all", "admins": "whom-to-ask.admins", "members": "whom-to-ask.members",
}

// Key is the message key of the policy. An unknown one is an error, because a page must not guess.
func (m WhomToAsk) Key() (string, error) {
	key, ok := whomToAskKeys[m]
	if !ok {
		return "", fmt.Errorf("unknown two-factor policy %q", string(m))
	}
	return key, nil
}

// OwnAccount is one account a person belongs to.
type OwnAccount struct {
	Name       string
	Slug       string
	Role       Role
	AsksCode   bool
	ManageURL  string // for its owner; hidden when empty
	SetUpFirst bool   // an owner who has to set up an authenticator before they manage it
}

// OwnAccounts is the tab Accounts of Settings.
type OwnAccounts struct {
	Head          SettingsHead
	Accounts      []OwnAccount
	RecoveriesURL string // requests of people who have lost their authenticator; hidden when empty
}

var ownAccountsPage = parsePage("own_accounts")

// Render writes the page.
func (p OwnAccounts) Render(w io.Writer, f Frame) error { return ownAccountsPage.render(w, f, p) }

// Member is one person of an account as its owner sees them.
type Member struct {
	Name     string // may be empty
	Email    string
	Role     Role
	Self     bool // the owner who looks
	Invited  bool // has not chosen a password yet
	AsksCode bool // the account asks them for a code …
	HasCode  bool // … and they have what it asks for
	Disabled bool
}

// ManageAccount shows an account to its owner: members, invitations, and whom it asks for a code.
type ManageAccount struct {
	Head          SettingsHead
	Name          string
	URL           string // the address of the page; the forms go below it
	Members       []Member
	TwoFactor     WhomToAsk
	RecoveriesURL string
	BackURL       string
	Refusal       Refusal
	Wait          time.Duration
}

// Roles lists the roles to choose from, the most common first.
func (ManageAccount) Roles() []Role { return []Role{RoleMember, RoleAdmin, RoleOwner} }

// OtherPolicies lists the two-factor policies to change to.
func (p ManageAccount) OtherPolicies() []WhomToAsk {
	all := []WhomToAsk{"off", "all", "admins", "members"}
	return slices.DeleteFunc(all, func(m WhomToAsk) bool { return m == p.TwoFactor })
}

var manageAccountPage = parsePage("manage_account")

// Render writes the page.
func (p ManageAccount) Render(w io.Writer, f Frame) error { return manageAccountPage.render(w, f, p) }

// AccountTwoFactor says what a change of the two-factor policy does, and asks whether to do it.
type AccountTwoFactor struct {
	Head     SettingsHead
	Name     string
	Action   string
	BackURL  string
	Before   WhomToAsk
	After    WhomToAsk
	Invited  int // people who get a link to set up an app
	Informed int // people who are told that there is nothing to do
	Ended    int // browsers that are logged out of the account
}

var accountTwoFactorPage = parsePage("account_two_factor")

// Render writes the page.
func (p AccountTwoFactor) Render(w io.Writer, f Frame) error {
	return accountTwoFactorPage.render(w, f, p)
}
