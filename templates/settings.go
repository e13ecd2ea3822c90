package templates

import (
	"io"
	"time"
)

// SettingsTab is one of the tabs of Settings.
type SettingsTab int

// The tabs, in the order in which they are shown.
const (
	TabProfile SettingsTab = iota
	TabSettings
	TabSessions
	TabAccounts
)

// settingsTabs holds what the tabs say and where they lead.
var settingsTabs = [...]struct{ key, url string }{
	TabProfile:  {"settings.profile", "/settings/profile"},
	TabSettings: {"settings.settings", "/settings"},
	TabSessions: {"settings.sessions", "/settings/sessions"},
	TabAccounts: {"settings.accounts", "/settings/accounts"},
}

// SettingsHead is what all tabs share. A page of Settings has it in a field Head, begins with the template settings-head, and is
// wide.
type SettingsHead struct {
	Tab       SettingsTab
	Name      string // may be empty
	Email     string
	LogoutURL string
	Saved     bool // a change was just saved
}

// TabLink is one tab as a page shows it.
type TabLink struct {
	Key     string
	URL     string
	Current bool
}

// Tabs lists the tabs.
func (h SettingsHead) Tabs() []TabLink {
	var tabs []TabLink
	for i, t := range settingsTabs {
		tabs = append(tabs, TabLink{t.key, t.url, SettingsTab(i) == h.Tab})
	}
	return tabs
}

// Settings is the tab for everything that proves who somebody is.
type Settings struct {
	Head             SettingsHead
	TwoFactor        TwoFactor
	Passkeys         PasskeySection
	RecoveryCodes    int    // how many are left
	RecoveryCodesURL string // where new ones are made; the section is hidden when empty
	PasswordURL      string
	HasPassword      bool
	SetUp            *AuthenticatorSetUp // the pop-up in front of the tab; nil: none
	Codes            *RecoveryCodes      // the one that follows; nil: none
	Refusal          Refusal
	Wait             time.Duration
}

var settingsPage = parsePage("settings")

// Render writes the page.
func (p Settings) Render(w io.Writer, f Frame) error {
	if p.Codes != nil {
		named := p.Codes.named(f)
		p.Codes = &named
	}
	return settingsPage.render(w, f, p)
}

// Confirm asks a person who is logged in to prove once more that it is them: the password or, when that is fresh, the second factor.
type Confirm struct {
	Action    string
	Email     string
	AskCode   bool
	NoCode    bool // nothing but a passkey will do: there is no field for a code
	Recovery  bool // the field is for a recovery code
	Ladder    Ladder
	Passkey   PasskeyButton
	ForgotURL string
	LogoutURL string
	Refusal   Refusal
	Wait      time.Duration
}

var confirmPage = parsePage("confirm")

// Render writes the page.
func (p Confirm) Render(w io.Writer, f Frame) error { return confirmPage.render(w, f, p) }
