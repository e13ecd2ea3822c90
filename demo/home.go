package demo

import (
	"net/http"
	"strings"
	"time"
)

// homePage is everything a product's one page shows.
type homePage struct {
	Title      string
	Stylesheet string
	Icon       string
	Notice     string
	Problem    *problem
	Login      *loginPanel // nil while nobody is logged in
	Accounts   []accountLink
	Other      OtherProduct
	Covers     []string // pictures for the CMS's front door
	Media      []mediaItem
	Tint       int // sets the pictures of one account apart from another's
	Happenings []happening
}

// loginPanel is the plain reading of what the provider said.
type loginPanel struct {
	Name, Email, Initials string
	AccountName, Account  string
	Roles, AMR, ACR       string
	TwoFactors            bool
	Subject, SID          string
	AuthTime, IssuedAt    string
	Refreshed, Userinfo   string
}

// accountLink is one entry of the account switcher.
type accountLink struct {
	Slug, Name string
	Current    bool
}

func (c *client) showHome(w http.ResponseWriter, r *http.Request) {
	c.renderHome(w, r, nil)
}

// renderHome writes the product's page, with what went wrong on top if anything did.
func (c *client) renderHome(w http.ResponseWriter, r *http.Request, shown *problem) {
	shownPage := c.newHomePage(r)
	status := http.StatusOK
	if shown != nil {
		shownPage.Problem, status = shown, shown.Status
	}
	draw(w, c.cfg.Log, string(c.cfg.Look)+".html", status, shownPage)
}

// newHomePage is the page for whoever the cookie says is there. An ended session is nobody,
// but its reason is shown.
func (c *client) newHomePage(r *http.Request) homePage {
	look := string(c.cfg.Look)
	drawn := homePage{
		Title: c.cfg.Title, Other: c.cfg.OtherProduct, Covers: covers,
		Stylesheet: assetPath(look + ".css"), Icon: assetPath(look + ".svg"),
	}
	_, found, ok := c.current(r)
	if ok {
		drawn.Problem = found.problem
	}
	current := ""
	if ok && !found.ended {
		drawn.Login = newLoginPanel(found)
		current = found.login.accountSlug
		c.furnish(&drawn, found.login)
	} else if c.flows.cameBackFromLogout(r.URL.Query().Get("state"), c.cookieValue(r, "browser"), c.cfg.Now()) {
		drawn.Notice = "You are logged out."
	}
	for _, account := range c.cfg.Accounts {
		drawn.Accounts = append(drawn.Accounts, accountLink{account.Slug, account.Name, account.Slug == current})
	}
	return drawn
}

// newLoginPanel copies field by field what may be seen; tokens stay behind by construction.
func newLoginPanel(s session) *loginPanel {
	said := s.login
	panel := loginPanel{
		Name: said.name, Email: said.email, Initials: initials(said.name, said.email),
		AccountName: said.accountName, Account: said.accountSlug,
		Roles: strings.Join(said.roles, " "), AMR: strings.Join(said.amr, " "), ACR: said.acr,
		TwoFactors: said.twoFactors(), Subject: said.subject, SID: said.sid,
		AuthTime: clock(said.authTime), IssuedAt: clock(said.issuedAt),
		Refreshed: clock(s.refreshedAt), Userinfo: s.userinfo,
	}
	if panel.Name == "" && panel.Email == "" {
		panel.Name = said.subject
	}
	if panel.AccountName == "" {
		panel.AccountName = said.accountSlug
	}
	return &panel
}

// initials stand in for a portrait.
func initials(name, email string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		words = []string{email + "?"}
	}
	first := []rune(words[0])[:1]
	if len(words) > 1 {
		first = append(first, []rune(words[len(words)-1])[0])
	}
	return strings.ToUpper(string(first))
}

// clock writes a time, or nothing for none.
func clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}
