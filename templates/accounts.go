package templates

import (
	"fmt"
	"io"
)

// Role is what a person is in an account.
type Role string

// The roles, with the values that records use.
const (
	RoleOwner  Role = "owner"
	RoleAdmin  Role = "admin"
	RoleMember Role = "member"
)

var roleKeys = map[Role]string{RoleOwner: "role.owner", RoleAdmin: "role.admin", RoleMember: "role.member"}

// Key is the message key of the role's name. An unknown role is an error, because a page must not guess.
func (r Role) Key() (string, error) {
	key, ok := roleKeys[r]
	if !ok {
		return "", fmt.Errorf("unknown role %q", string(r))
	}
	return key, nil
}

// AccountChoice is one account to choose.
type AccountChoice struct {
	Name     string
	Slug     string // sent as FieldAccount
	Role     Role
	AsksCode bool // this account asks for a code
}

// ChooseAccount lets a person with several accounts pick the one to enter. Each account is a button of one form.
type ChooseAccount struct {
	Action     string
	Email      string
	ClientName string // may be empty
	Accounts   []AccountChoice
	LogoutURL  string // a link to ConfirmLogout; hidden when empty
	Refusal    Refusal
}

var chooseAccountPage = parsePage("choose_account")

// Render writes the page.
func (p ChooseAccount) Render(w io.Writer, f Frame) error { return chooseAccountPage.render(w, f, p) }

// SwitchAccount says that the account wants a login of its own with a code, and offers it in one click.
type SwitchAccount struct {
	Action      string // posted: ends the session and starts the login
	AccountName string
	Email       string
	ClientName  string // may be empty
	CancelURL   string // hidden when empty
}

var switchAccountPage = parsePage("switch_account")

// Render writes the page.
func (p SwitchAccount) Render(w io.Writer, f Frame) error { return switchAccountPage.render(w, f, p) }
