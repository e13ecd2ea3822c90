package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"

	"github.com/vestibule-id/vestibule/storage"
)

// Config is the settings. Each is a flag, an environment variable and a key of the --config file: for
// --database-url that is VESTIBULE_DATABASE_URL and database_url. The flag wins over the variable, the
// variable over the file. A command asks by [Config.need] for those it cannot do without.
type Config struct {
	File kong.ConfigFlag `name:"config" env:"VESTIBULE_CONFIG" placeholder:"FILE" help:"A YAML file with settings." group:"settings"`

	Issuer              string        `env:"VESTIBULE_ISSUER" placeholder:"URL" help:"The provider's URL as browsers see it, such as https://login.example.com." group:"settings"`
	Product             string        `env:"VESTIBULE_PRODUCT" placeholder:"NAME" default:"Vestibule" help:"What the installation is called on pages and in letters." group:"settings"`
	Listen              string        `env:"VESTIBULE_LISTEN" placeholder:"ADDRESS" default:"127.0.0.1:8080" help:"Where the provider listens." group:"settings"`
	AdminListen         string        `env:"VESTIBULE_ADMIN_LISTEN" placeholder:"ADDRESS" default:"127.0.0.1:9090" help:"Where health and metrics are watched; keep it private." group:"settings"`
	DatabaseURL         string        `name:"database-url" env:"VESTIBULE_DATABASE_URL" placeholder:"URL" help:"sqlite:PATH or postgres://user:password@host/name." group:"settings"`
	KeyFile             string        `env:"VESTIBULE_KEY_FILE" placeholder:"FILE" help:"The sealing key, as vestibule keys init makes it." group:"settings"`
	SMTPURL             string        `name:"smtp-url" env:"VESTIBULE_SMTP_URL" placeholder:"URL" help:"smtp://user:password@host:587 takes the letters." group:"settings"`
	MailDir             string        `env:"VESTIBULE_MAIL_DIR" placeholder:"FOLDER" help:"Instead of SMTP: each letter becomes a file here." group:"settings"`
	MailFrom            string        `env:"VESTIBULE_MAIL_FROM" placeholder:"ADDRESS" help:"Whom letters come from." group:"settings"`
	TrustedProxies      []string      `env:"VESTIBULE_TRUSTED_PROXIES" placeholder:"NET" help:"Networks whose X-Forwarded-For is believed, such as 10.0.0.0/8." group:"settings"`
	BackchannelNetworks []string      `env:"VESTIBULE_BACKCHANNEL_NETWORKS" placeholder:"NET" help:"Private networks with products to tell of logouts, such as 10.0.0.0/8." group:"settings"`
	TokenLimit          count         `env:"VESTIBULE_TOKEN_LIMIT" placeholder:"N" default:"60" help:"Requests a minute that an address may make in the name of a client without its secret." group:"settings"`
	LoginLimit          count         `env:"VESTIBULE_LOGIN_LIMIT" placeholder:"N" default:"600" help:"Logins a minute that may be begun from an address." group:"settings"`
	MaxConnections      count         `env:"VESTIBULE_MAX_CONNECTIONS" placeholder:"N" default:"4096" help:"Connections held at once." group:"settings"`
	StopDelay           time.Duration `env:"VESTIBULE_STOP_DELAY" placeholder:"DURATION" default:"3s" help:"How long requests are still taken after readiness has failed." group:"settings"`
	AuditKeep           days          `env:"VESTIBULE_AUDIT_KEEP" placeholder:"DAYS" default:"400" help:"How many days events stay in the audit trail." group:"settings"`
	LogLevel            string        `env:"VESTIBULE_LOG_LEVEL" enum:"debug,info,warn,error" placeholder:"LEVEL" default:"info" help:"One of debug, info, warn, error." group:"settings"`
	PasswordMin         int           `env:"VESTIBULE_PASSWORD_MIN" placeholder:"N" default:"12" help:"Characters of the shortest new password, 8 to 64." group:"settings"`
	SignUp              string        `env:"VESTIBULE_SIGN_UP" placeholder:"WHO" enum:"off,on,clients" default:"off" help:"Who may sign up without an invitation: off, on, or clients for those who come from a client that allows it." group:"settings"`
}

// days is a whole number of them, at least one.
type days int

// UnmarshalText implements encoding.TextUnmarshaler; 400 and 400d are the same.
func (d *days) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(strings.TrimSuffix(string(text), "d"))
	if err != nil || n < 1 || n > 100_000 {
		return fmt.Errorf("%q is not a number of days such as 400", text)
	}
	*d = days(n)
	return nil
}

// count is a whole number of things of which there has to be one at least: 0 would not be "no limit".
type count int

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *count) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 {
		return fmt.Errorf("%q is not a whole number above 0", text)
	}
	*c = count(n)
	return nil
}

// settings that some commands cannot do without, and how they are got.
func (c Config) settings() map[string][2]string {
	return map[string][2]string{
		"issuer":       {c.Issuer, "for example https://login.example.com"},
		"database_url": {c.DatabaseURL, "for example sqlite:vestibule.db"},
		"key_file":     {c.KeyFile, "vestibule keys init makes one"},
		"mail_from":    {c.MailFrom, "for example login@example.com"},
		"smtp_url":     {c.SMTPURL + c.MailDir, "or a mail_dir"},
	}
}

// need names, all at once, the settings that are missing, in each of the three ways to give them.
func (c Config) need(names ...string) error {
	var missing []error
	for _, name := range names {
		if setting := c.settings()[name]; setting[0] == "" {
			missing = append(missing, fmt.Errorf("%s is missing: give --%s, %s, or %s: in the --config file (%s)",
				name, strings.ReplaceAll(name, "_", "-"), variableOf(name), name, setting[1]))
		}
	}
	return errors.Join(missing...)
}

// dropEmptyVariables forgets variables without a value, as compose files leave them behind: they must not
// hide a default or the --config file.
func dropEmptyVariables() {
	for _, variable := range os.Environ() {
		if name, value, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "VESTIBULE_") && value == "" {
			os.Unsetenv(name)
		}
	}
}

func variableOf(name string) string { return "VESTIBULE_" + strings.ToUpper(name) }

// openDB opens the database with the sealing key. What it finds there is for the caller to check. A SQLite file that is not there is
// made by `vestibule migrate` alone: with a slip in its path, every other command would leave an empty one behind.
func (c Config) openDB(ctx context.Context, log *slog.Logger) (*storage.DB, error) {
	if path, ok := strings.CutPrefix(c.DatabaseURL, "sqlite:"); ok && path != "" {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("database_url: there is no file %s; correct the path, or run `vestibule migrate` to make it", path)
		}
	}
	return c.makeDB(ctx, log)
}

// makeDB is openDB for whoever may make the file.
func (c Config) makeDB(ctx context.Context, log *slog.Logger) (*storage.DB, error) {
	if err := c.need("database_url", "key_file"); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(c.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("key_file: %w (vestibule keys init --key-file %s makes one)", err, c.KeyFile)
	}
	keys, err := storage.ParseKeyRing(string(text))
	if err != nil {
		return nil, fmt.Errorf("key_file %s: %w", c.KeyFile, err)
	}
	return storage.Open(ctx, storage.Config{URL: c.DatabaseURL, Keys: keys, Log: log})
}

// logger writes lines for machines to w, none below least.
func (c Config) logger(w io.Writer, least slog.Level) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil || level < least {
		level = least
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}

// fileSettings is what a --config file says. A value is kept as the text that stands there, so that it is read as a variable would be.
type fileSettings struct {
	values map[string]any // texts, and lists of them
	lines  map[string]int
}

// readSettings reads a --config file.
func readSettings(r io.Reader) (kong.Resolver, error) {
	s := fileSettings{values: map[string]any{}, lines: map[string]int{}}
	var document yaml.Node
	if err := yaml.NewDecoder(r).Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the --config file: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(document.Content) == 0 {
		return s, nil
	}
	if document.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("the --config file is not a list of settings such as issuer: https://login.example.com")
	}
	if err := document.Decode(&map[string]any{}); err != nil { // finds keys that are there twice
		return nil, fmt.Errorf("the --config file: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	keys := document.Content[0].Content
	for i := 0; i+1 < len(keys); i += 2 {
		s.lines[keys[i].Value], s.values[keys[i].Value] = keys[i].Line, textOf(keys[i+1])
	}
	return s, nil
}

// textOf returns a text, a list of texts, nil for nothing, and the node itself for what cannot be a value.
func textOf(node *yaml.Node) any {
	switch {
	case node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null":
		return nil
	case node.Kind == yaml.ScalarNode:
		return node.Value
	case node.Kind != yaml.SequenceNode:
		return node
	}
	texts := make([]any, len(node.Content))
	for i, item := range node.Content {
		if item.Kind != yaml.ScalarNode {
			return node
		}
		texts[i] = item.Value
	}
	return texts
}

// nameOf returns the key of a setting, or "" for a flag that is none: only what has a variable may stand
// in the file.
func nameOf(flag *kong.Flag) string {
	if len(flag.Tag.Envs) == 0 || flag.Name == "config" {
		return ""
	}
	return strings.ReplaceAll(flag.Name, "-", "_")
}

// Validate implements kong.Resolver: it refuses keys that are no settings, rather than ignore a slip of
// the hand.
func (s fileSettings) Validate(app *kong.Application) error {
	known := map[string]bool{}
	for _, flag := range app.Flags {
		known[nameOf(flag)] = true
	}
	for name, line := range s.lines {
		if name == "" || !known[name] {
			return fmt.Errorf("the --config file, line %d: there is no setting %q", line, name)
		}
	}
	return nil
}

// Resolve implements kong.Resolver.
func (s fileSettings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	name := nameOf(flag)
	if name == "" {
		return nil, nil
	}
	for _, variable := range flag.Tag.Envs {
		if _, set := os.LookupEnv(variable); set {
			return nil, nil
		}
	}
	switch value := s.values[name].(type) {
	case nil, string:
		return value, nil
	case []any:
		if flag.IsSlice() {
			return value, nil
		}
	}
	return nil, fmt.Errorf("the --config file, line %d: %s takes one value", s.lines[name], name)
}
