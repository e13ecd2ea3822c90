package vestibule_test

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// arrows says for each folder which others of ours it may import. Read as a
// picture: doors above, records below them, words and rules at the bottom. A
// folder without a row is a folder nobody has thought about.
var arrows = []struct {
	folder  string
	imports string // separated by spaces
	because string
}{
	{"identity", "", "words and rules stand alone, so that no door, page or engine can change a decision"},
	{"migrations", "", "the schema is SQL in files and knows nobody"},
	{"templates", "", "a page shows the values it is given and decides nothing"},
	{"storage", "identity migrations", "records are kept for whoever asks; what they mean is not its business"},
	{"mail", "identity storage templates", "letters are records that render themselves; no door sends for another"},
	{"op", "identity storage", "the door for clients shows no pages and does not know who does"},
	{"login", "identity storage templates mail", "the door for people speaks no OpenID Connect; server hands it the callback"},
	{"admin", "identity storage mail templates", "the door for operators acts on records, never through another door"},
	{"server", "identity migrations templates storage mail op login admin", "it puts the doors together, and nothing but cmd is above it"},
	{"cmd", "identity server admin storage mail demo", "flags and wiring; what a test would want lives below"},
	{"vestibuletest", "identity migrations templates storage mail op login admin server", "tests get everything but the command"},
	{"demo", "", "the sample products are clients like any other: only HTTP"},
	{"e2e", "vestibuletest demo", "stories see what a person sees"},
	{"conformance", "vestibuletest", "its modules know a provider by HTTP alone; one test starts ours"},
	{"docs", "", "a sample is a client like any other: only HTTP"},
	{".", "", "the root holds no code"},
}

func TestArrowsPointDownOnly(t *testing.T) {
	for _, f := range house(t) {
		row := slices.IndexFunc(arrows, func(a struct{ folder, imports, because string }) bool { return within(f.Path, a.folder) })
		if row < 0 {
			t.Errorf("%s has no row in the table of arrows; say there what it may import and why", f.Path)
			continue
		}
		arrow := arrows[row]
		for _, source := range f.Files {
			for _, target := range source.imports() {
				if !strings.HasPrefix(target, module) {
					continue
				}
				target = own(target)
				if !within(target, arrow.folder) && !withinAny(target, strings.Fields(arrow.imports)) {
					t.Errorf("%s imports %s, but %s may import only [%s]: %s", source.Path, target, arrow.folder, arrow.imports, arrow.because)
				}
			}
		}
	}
}

// keepers says which packages of others only certain folders may import.
var keepers = []struct {
	library string
	keepers string // folders or files, separated by spaces
	because string
}{
	{"github.com/zitadel/oidc", "op", "its traps are closed in op, and its types must not leave it"},
	{"github.com/jackc/pgx", "storage vestibuletest/postgres", "what PostgreSQL is like is known in storage alone"},
	{"modernc.org/sqlite", "storage", "what SQLite is like is known in storage alone"},
	{"database/sql", "storage vestibuletest/postgres", "an SQL text elsewhere would be one that runs on one engine only"},
	{"github.com/pressly/goose", "storage", "the schema changes in one place"},
	{"github.com/pquerna/otp", "identity/totp.go", "it forgets which step matched; totp.go makes up for that, once"},
	{"github.com/skip2/go-qrcode", "login", "a QR code is a secret on a screen, and login decides when it is shown"},
	{"github.com/go-webauthn", "login", "only login talks to passkeys"},
	{"github.com/wneessen/go-mail", "mail", "letters leave through the outbox"},
	{"github.com/chromedp", "e2e", "only stories move a browser"},
	{"github.com/prometheus", "server", "the others count, and do not know who asks"},
	{"github.com/emersion/go-smtp", "vestibuletest/smtp", "a mail server is for tests"},
	{"html/template", "templates demo", "every page and letter is a typed value of templates"},
	{"testing", "vestibuletest e2e", "the program carries no test support"},
}

func TestLibrariesAreImportedOnlyWhereTheyAreKept(t *testing.T) {
	for _, f := range house(t) {
		for _, source := range f.Files {
			for _, target := range source.imports() {
				for _, k := range keepers {
					if within(target, k.library) && !withinAny(source.Path, strings.Fields(k.keepers)) {
						t.Errorf("%s imports %s, which only [%s] may: %s", source.Path, target, k.keepers, k.because)
					}
				}
			}
		}
	}
}

// TestIdentityIsPure also looks at what identity imports through others.
func TestIdentityIsPure(t *testing.T) {
	impure := []string{"net/http", "html", "html/template", "database/sql", "log/slog", "os/exec"}
	for _, f := range house(t) {
		if !within(f.Path, "identity") {
			continue
		}
		for _, dep := range f.Deps {
			if slices.Contains(impure, dep) {
				t.Errorf("%s is built from %s: rules know no HTTP, HTML or SQL and write no log", f.Path, dep)
			}
		}
	}
}

// TestTimeIsAParameter keeps the clock with those who may know it, so that tests
// can move it and a rule cannot read another time than its caller.
func TestTimeIsAParameter(t *testing.T) {
	knows := []string{"server", "cmd", "demo", "vestibuletest", "e2e"}
	for _, f := range house(t) {
		if withinAny(f.Path, knows) {
			continue
		}
		for _, source := range f.Files {
			ast.Inspect(source.AST, func(n ast.Node) bool {
				selector, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				from, ok := selector.X.(*ast.Ident)
				if ok && from.Name == "time" && slices.Contains([]string{"Now", "Since", "Until"}, selector.Sel.Name) {
					t.Errorf("%s reads the clock with time.%s; only [%s] may, others take the time as a parameter or a func() time.Time",
						source.set.Position(n.Pos()), selector.Sel.Name, strings.Join(knows, " "))
				}
				return true
			})
		}
	}
}

func withinAny(path string, folders []string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool { return within(path, folder) })
}
