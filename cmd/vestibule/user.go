package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/admin"
	"github.com/vestibule-id/vestibule/identity"
)

// userCmd is the commands about people.
type userCmd struct {
	Add    userAddCmd    `cmd:"" help:"Add a person."`
	List   userListCmd   `cmd:"" help:"List all people."`
	Invite userInviteCmd `cmd:"" help:"Let a person into an account, by a letter."`
	Import userImportCmd `cmd:"" help:"Take people over from another system, with their passwords and authenticators."`

	Disable        userDisableCmd        `cmd:"" help:"Shut a person out and end everything they have open."`
	Enable         userEnableCmd         `cmd:"" help:"Let a disabled person log in again."`
	Unlock         userUnlockCmd         `cmd:"" help:"Forget the wrong passwords and codes that make a person wait."`
	Sessions       userSessionsCmd       `cmd:"" help:"List what a person has open."`
	Reset          userResetCmd          `cmd:"" help:"Mail a person the link to a new password."`
	Recoveries     userRecoveriesCmd     `cmd:"" help:"List who has lost the authenticator and waits for a decision."`
	Recover        userRecoverCmd        `cmd:"" help:"Let a person in who has lost the authenticator, or do not."`
	RemoveSessions userRemoveSessionsCmd `cmd:"" aliases:"remove-session" help:"End what a person has open."`
}

// userView is a person as they are printed.
type userView struct {
	ID            identity.UserID `json:"id"`
	Email         string          `json:"email"`
	EmailVerified bool            `json:"email_verified"`
	Name          string          `json:"name"`
	HasPassword   bool            `json:"has_password"`
	Disabled      bool            `json:"disabled"`
	CreatedAt     time.Time       `json:"created_at"`
}

// viewUser says whether there is a password, and nothing about it.
func viewUser(u identity.User) userView {
	return userView{u.ID, u.Email, u.EmailVerified, u.Name, u.PasswordHash != "", u.Disabled(), u.CreatedAt}
}

func (v userView) row(w io.Writer) {
	row(w, v.Email, v.Name, yesNo(v.EmailVerified), yesNo(v.HasPassword), yesNo(v.Disabled), v.ID)
}

func userHeader(w io.Writer) { row(w, "EMAIL", "NAME", "VERIFIED", "PASSWORD", "DISABLED", "ID") }

// userEffects is a person and what an act about them did.
type userEffects struct {
	User    userView      `json:"user"`
	Effects admin.Effects `json:"effects"`
}

func (v userEffects) print(w io.Writer) {
	userHeader(w)
	v.User.row(w)
	effects(w, v.Effects)
}

// userAddCmd has no --password: a flag is seen by everybody on the machine.
type userAddCmd struct {
	Email         string   `arg:"" help:"The person's address."`
	Name          string   `placeholder:"NAME" help:"What others call the person."`
	GivenName     string   `placeholder:"NAME" help:"Given name."`
	FamilyName    string   `placeholder:"NAME" help:"Family name."`
	Locale        string   `placeholder:"LANG" help:"Language of letters and pages, such as en or de."`
	Account       []string `placeholder:"SLUG:ROLE" help:"An account to let the person into, with the role owner, admin or member. Can be repeated."`
	EmailVerified bool     `help:"The address is known to be the person's."`
	PasswordStdin bool     `help:"Read the password from standard input, or ask for it on a terminal."`
}

// Help implements kong.HelpProvider.
func (userAddCmd) Help() string {
	return `Without --password-stdin the person has no password, and cannot sign in before they set one through a link.

Example:

    vestibule user add ada@example.com --name "Ada Park" --account acme:owner --password-stdin`
}

// Run implements the command.
func (c *userAddCmd) Run(ctx context.Context, config *Config, t *terminal) (err error) {
	n := admin.NewUser{
		Email: c.Email, EmailVerified: c.EmailVerified, Name: c.Name, GivenName: c.GivenName, FamilyName: c.FamilyName,
		Locale: c.Locale, Memberships: map[string]identity.Role{},
	}
	for _, place := range c.Account {
		slug, role, named := strings.Cut(place, ":")
		if !named {
			return fmt.Errorf("--account %s: the role is missing (for example --account %s:member)", place, place)
		}
		n.Memberships[slug] = identity.Role(role)
	}
	office, err := config.open(ctx, t)
	if err != nil {
		return err
	}
	defer office.Close()
	if c.PasswordStdin {
		if n.Password, err = t.password(ctx); err != nil {
			return err
		}
	}
	user, done, err := office.AddUser(ctx, n)
	if err != nil {
		return err
	}
	view := userEffects{viewUser(user), done}
	return t.show(view, view.print)
}

type userListCmd struct{}

// Help implements kong.HelpProvider.
func (userListCmd) Help() string {
	return `Example:

    vestibule user list
    vestibule user list --json`
}

// Run implements the command.
func (c *userListCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	return listed(ctx, config, t, func(o *office) ([]identity.User, error) { return o.Users(ctx) },
		viewUser, userHeader, userView.row)
}

// userInviteCmd takes one account: the link it sends belongs to it.
type userInviteCmd struct {
	Email   string `arg:"" help:"The person's address."`
	Account string `arg:"" help:"Slug or id of the account to let them into."`
	Role    string `placeholder:"ROLE" default:"member" help:"owner, admin or member."`
	Name    string `placeholder:"NAME" help:"What others call the person, if they are new."`
}

// Help implements kong.HelpProvider.
func (userInviteCmd) Help() string {
	return `Who has no password yet gets a letter with a link, good for a day: there they choose a password, and set up an authenticator if the account asks for one. Inviting again sends a new link and voids the older one. Who has a password is told that they belong to the account now.

Example:

    vestibule user invite bob@example.com acme --role admin --name "Bob Lind"`
}

// Run implements the command.
func (c *userInviteCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	if err := config.need("issuer"); err != nil {
		return err
	}
	office, err := config.open(ctx, t)
	if err != nil {
		return err
	}
	defer office.Close()
	user, done, err := office.InviteUser(ctx, admin.NewUser{Email: c.Email, Name: c.Name}, c.Account, identity.Role(c.Role))
	if err != nil {
		return err
	}
	view := userEffects{viewUser(user), done}
	return t.show(view, view.print)
}
