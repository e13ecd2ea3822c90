package admin

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/vestibule-id/vestibule/identity"
)

// File is the accounts, people and clients an operator keeps in a file. What a record leaves out stays as
// it is, or takes its default when the record is new; nothing that the file does not name is touched.
type File struct {
	Accounts []FileAccount `yaml:"accounts"`
	People   []FilePerson  `yaml:"people"`
	Clients  []FileClient  `yaml:"clients"`
}

// FileAccount is an account, found by its slug.
type FileAccount struct {
	Slug      string                 `yaml:"slug"`
	Name      string                 `yaml:"name"`
	TwoFactor identity.TwoFactor     `yaml:"two_factor"`
	Switching identity.Switching     `yaml:"switching"`
	Reset     identity.ResetPolicy   `yaml:"reset"`
	Passkeys  identity.PasskeyPolicy `yaml:"passkeys"`
}

// FilePerson is a person, found by the address.
type FilePerson struct {
	Email         string `yaml:"email" json:"email"`
	EmailVerified *bool  `yaml:"email_verified" json:"email_verified"`
	Name          string `yaml:"name" json:"name"`
	GivenName     string `yaml:"given_name" json:"given_name"`
	FamilyName    string `yaml:"family_name" json:"family_name"`
	Locale        string `yaml:"locale" json:"locale"`
	// Password is set whenever it is not the one the person has; an import sets it for people who have none.
	Password string `yaml:"password" json:"password"`
	// PasswordHash is taken over by a person who has no password yet. Afterwards it belongs to the person:
	// their first login writes it anew with today's cost.
	PasswordHash string `yaml:"password_hash" json:"password_hash"`
	// TOTPSecret becomes the confirmed authenticator of a person who has never had one.
	TOTPSecret  string                   `yaml:"totp_secret" json:"totp_secret"`
	Memberships map[string]identity.Role `yaml:"memberships" json:"memberships"`
	imported    bool                     // from another system: what is there already stays
}

// FileClient is a client, found by its id.
type FileClient struct {
	ID               identity.ClientID  `yaml:"id"`
	Name             string             `yaml:"name"`
	Secret           string             `yaml:"secret"`
	AuthMethod       string             `yaml:"auth_method"`
	JWKS             string             `yaml:"jwks"`
	RedirectURIs     []string           `yaml:"redirect_uris"`
	PostLogoutURIs   []string           `yaml:"post_logout_redirect_uris"`
	BackchannelURI   string             `yaml:"backchannel_logout_uri"`
	InitiateLoginURI string             `yaml:"initiate_login_uri"`
	Grants           []string           `yaml:"grants"`
	PKCE             string             `yaml:"pkce"` // required or optional
	RequirePushed    *bool              `yaml:"require_pushed_authorization_requests"`
	DPoPBound        *bool              `yaml:"dpop_bound_access_tokens"`
	AccessToken      string             `yaml:"access_token"`
	IDTokenAlg       identity.Algorithm `yaml:"id_token_alg"`
	ClaimsInIDToken  *bool              `yaml:"claims_in_id_token"`
	SignUp           *bool              `yaml:"sign_up"`
	Resources        []string           `yaml:"resources"`
	Introspects      []string           `yaml:"introspects"`
	SubjectType      string             `yaml:"subject_type"` // public or pairwise
}

// ParseFile reads a file in YAML. Keys it does not know are refused with their line: a slip of the hand in
// two_factor must not leave an account open.
func ParseFile(text []byte) (File, error) {
	var f File
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return f, readable(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return f, errors.New("the file holds more than one document; keep one")
	}
	return f, f.validate()
}

// unknownKey is how the library puts it, with the name of a Go type that operators have never heard of.
var unknownKey = regexp.MustCompile(`field (\S+) not found in type \S+`)

// readable says what is wrong with the file in the file's own words.
func readable(err error) error {
	var wrong *yaml.TypeError
	if !errors.As(err, &wrong) {
		return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	lines := make([]string, len(wrong.Errors))
	for i, line := range wrong.Errors {
		lines[i] = unknownKey.ReplaceAllString(line, `unknown key "$1"`)
		if m := wrongShape.FindStringSubmatch(lines[i]); m != nil {
			lines[i] = m[1] + "there " + found(m[2], m[3]) + " where " + wanted(m[4])
		}
	}
	return errors.New(strings.Join(lines, "\n"))
}

// wrongShape is how the library says that there is one thing where another belongs: the tag, the value and a Go type.
var wrongShape = regexp.MustCompile("^(line [0-9]+: )cannot unmarshal !!([a-z]+)(?: (`.*`))? into (.+)$")

func found(tag, value string) string {
	switch tag {
	case "seq":
		return "is a list"
	case "map":
		return "are keys and values"
	}
	return "is " + value
}

func wanted(goType string) string {
	switch {
	case strings.HasPrefix(goType, "[]"):
		return "a list belongs"
	case goType == "bool":
		return "true or false belongs"
	case strings.HasPrefix(goType, "map[") || strings.HasPrefix(goType, "admin.File"):
		return "keys and values belong"
	}
	return "one value belongs"
}

// validate finds what is wrong with the file whatever the database holds.
func (f *File) validate() error {
	seen := map[string]bool{}
	once := func(kind, name string) error {
		if name == "" {
			return fmt.Errorf("a record under %s names nobody: slug, email or id is missing", kind)
		}
		if seen[kind+" "+name] {
			return fmt.Errorf("%s: %s is there twice", kind, name)
		}
		seen[kind+" "+name] = true
		return nil
	}
	for _, a := range f.Accounts {
		if err := once("accounts", a.Slug); err != nil {
			return err
		}
	}
	for i := range f.People {
		if err := f.People[i].validate(); err != nil {
			return err
		}
		if err := once("people", f.People[i].Email); err != nil {
			return err
		}
	}
	for _, c := range f.Clients {
		if err := once("clients", string(c.ID)); err != nil {
			return err
		}
		if err := c.validate(); err != nil {
			return err
		}
	}
	return nil
}

// validate folds the address in place, because everything that follows compares it.
func (p *FilePerson) validate() (err error) {
	if p.Email, err = foldEmail(p.Email); err != nil {
		return err
	}
	if p.Password != "" && p.PasswordHash != "" {
		return fmt.Errorf("people: %s: password and password_hash exclude each other", p.Email)
	}
	err = p.validateTexts()
	if err == nil && p.PasswordHash != "" {
		err = identity.CheckHash(p.PasswordHash)
	}
	if err == nil && p.TOTPSecret != "" {
		_, err = identity.ParseTOTPKeyText(p.TOTPSecret)
	}
	for _, role := range p.Memberships {
		if err == nil {
			err = role.Validate()
		}
	}
	if err != nil {
		return fmt.Errorf("people: %s: %w", p.Email, err)
	}
	return nil
}

// localeShape is a language tag (BCP 47), also as some systems write it: de_CH.
var localeShape = regexp.MustCompile(`^[A-Za-z0-9]{1,8}([-_][A-Za-z0-9]{1,8}){0,5}$`)

// validateTexts holds names to what people may call themselves in Settings: they are shown in one line, on terminals, too.
func (p *FilePerson) validateTexts() error {
	profile := identity.Profile{Name: p.Name, GivenName: p.GivenName, FamilyName: p.FamilyName}
	if err := new(identity.User).SetProfile(profile, time.Time{}); err != nil {
		return fmt.Errorf("a name has %d characters at most, and no line breaks or control characters in it", identity.MaxName)
	}
	if p.Locale != "" && !localeShape.MatchString(p.Locale) {
		return errors.New("the locale must be a language such as en or de-CH")
	}
	for slug := range p.Memberships {
		if strings.ContainsRune(slug, 0) { // which PostgreSQL cannot even look for
			return fmt.Errorf("no account %q", slug)
		}
	}
	return nil
}

// shortestClientSecret keeps words out: a client's secret is stored as a plain digest, which only
// protects what cannot be guessed.
const shortestClientSecret = 16

// validate leaves the rules for redirect URIs and the like to [identity.Client.Validate], which judges the
// whole record.
func (c FileClient) validate() error {
	switch {
	case c.PKCE != "" && c.PKCE != "required" && c.PKCE != "optional":
		return fmt.Errorf("clients: %s: pkce %q is not required or optional", c.ID, c.PKCE)
	case c.Secret != "" && len(c.Secret) < shortestClientSecret:
		return fmt.Errorf("clients: %s: the secret needs %d characters at least; `openssl rand -base64 32` makes a good one", c.ID, shortestClientSecret)
	}
	return nil
}
