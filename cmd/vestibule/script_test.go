package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/vestibule-id/vestibule/vestibuletest/postgres"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"vestibule": main})
}

// TestScripts types what an operator types, on SQLite. In a script nothing is configured but the
// environment that settings names.
func TestScripts(t *testing.T) {
	if !postgres.SQLiteWanted() {
		t.Skip("VESTIBULE_TEST_ENGINES asks for other engines than sqlite")
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			settings(env, "sqlite:"+filepath.Join(env.WorkDir, "vestibule.db"))
			return nil
		},
	})
}

// TestScriptsOnPostgres types the same where the engine could make a difference.
func TestScriptsOnPostgres(t *testing.T) {
	for _, script := range []string{"account", "apply", "audit", "client", "import", "keys", "lifecycle", "user", "why"} {
		t.Run(script, func(t *testing.T) {
			url := postgres.Shared(t).Database(t)
			testscript.Run(t, testscript.Params{
				Files: []string{filepath.Join("testdata", script+".txtar")},
				Setup: func(env *testscript.Env) error { settings(env, url); return nil },
			})
		})
	}
}

func settings(env *testscript.Env, url string) {
	env.Setenv("VESTIBULE_DATABASE_URL", url)
	env.Setenv("VESTIBULE_KEY_FILE", filepath.Join(env.WorkDir, "sealing.key"))
	env.Setenv("VESTIBULE_ISSUER", "https://login.example.com")
	env.Setenv("GORACE", "atexit_sleep_ms=0") // with the race detector every command would end a second late
}

func model(t *testing.T) *kong.Application {
	t.Helper()
	parser, err := kong.New(new(program), options(io.Discard, io.Discard)...)
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model
}

func TestEveryCommandHasAnExampleOfItself(t *testing.T) {
	leaves := model(t).Leaves(false)
	if len(leaves) < 17 {
		t.Errorf("only %d commands", len(leaves))
	}
	for _, leaf := range leaves {
		path := strings.Fields(leaf.Path())
		name := strings.Join(slices.DeleteFunc(path, func(word string) bool { return strings.ContainsAny(word, "<[(") }), " ")
		if !strings.Contains(leaf.Detail, "Example:\n") || !strings.Contains(leaf.Detail, name) {
			t.Errorf("the help of %q shows no example of it:\n%s", name, leaf.Detail)
		}
		if leaf.Help == "" {
			t.Errorf("%s does not say what it does", name)
		}
	}
}

func TestEverySettingHasOneNameInThreePlaces(t *testing.T) {
	for _, flag := range model(t).Flags {
		if flag.Group == nil || flag.Group.Key != "settings" || flag.Name == "config" {
			continue
		}
		if want := variableOf(nameOf(flag)); !slices.Equal(flag.Tag.Envs, []string{want}) {
			t.Errorf("--%s: the variable is %v, want %s", flag.Name, flag.Tag.Envs, want)
		}
		if flag.Help == "" {
			t.Errorf("--%s does not say what it is", flag.Name)
		}
	}
	if got, want := len(model(t).Flags), reflect.TypeFor[Config]().NumField(); got < want {
		t.Errorf("%d flags for %d settings", got, want)
	}
}

// TestTheHelpSaysWhatHoldsWithoutAFlag because nobody sets what is right as it is, and nobody can know.
func TestTheHelpSaysWhatHoldsWithoutAFlag(t *testing.T) {
	app, found := model(t), 0
	for _, node := range append(app.Leaves(false), app.Node) {
		for _, flag := range node.Flags {
			if !flag.HasDefault {
				continue
			}
			found++
			var help strings.Builder
			_, err := kong.Must(new(program), append(options(&help, io.Discard), kong.Exit(func(int) {}))...).Parse(
				append(strings.Fields(strings.TrimPrefix(node.Path(), app.Name)), "--help"))
			if text := strings.Join(strings.Fields(help.String()), " "); !strings.Contains(text, "(default "+flag.Default+")") {
				t.Errorf("%s --%s: the help does not say that the default is %s (%v)", node.Path(), flag.Name, flag.Default, err)
			}
		}
	}
	if found < 15 {
		t.Errorf("only %d flags have a default", found)
	}
}

func TestWhatCtrlCEndsIsCalledInterrupted(t *testing.T) {
	office := &Config{DatabaseURL: "sqlite:" + filepath.Join(t.TempDir(), "test.db"), KeyFile: filepath.Join(t.TempDir(), "test.key"), LogLevel: "info", PasswordMin: 12}
	quiet := &terminal{out: io.Discard, errs: io.Discard}
	people := filepath.Join(t.TempDir(), "people.jsonl")
	if err := errors.Join((&keysInitCmd{}).Run(office, quiet), (&migrateCmd{}).Run(t.Context(), office, quiet),
		os.WriteFile(people, []byte(`{"email": "ada@example.com"}`), 0o600)); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	err := (&userImportCmd{File: people}).Run(ctx, office, quiet)
	if got := interrupted(err); got == nil || !strings.HasPrefix(got.Error(), "interrupted") {
		t.Errorf("got %v", got)
	}
}

// TestCtrlCEndsWhatWaitsForInput because nobody may have to guess that a line break is missing.
func TestCtrlCEndsWhatWaitsForInput(t *testing.T) {
	in, _ := io.Pipe() // on which nobody ever types
	waiting := &terminal{in: in, out: io.Discard, errs: io.Discard}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := waiting.password(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the password: %v", err)
	}
	if _, err := (&applyCmd{From: "-"}).read(ctx, waiting); !errors.Is(err, context.Canceled) {
		t.Errorf("the file: %v", err)
	}
}
