package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// program is everything that can stand on the command line: settings, then one command.
type program struct {
	Config

	JSON bool `name:"json" help:"Print one JSON value for programs instead of tables for people." group:"output"`

	Demo    demoCmd    `cmd:"" help:"Try it: a provider, two products and a mailbox, with nothing configured."`
	Serve   serveCmd   `cmd:"" help:"Run the provider."`
	Apply   applyCmd   `cmd:"" help:"Bring about the accounts, people and clients of a file."`
	Account accountCmd `cmd:"" help:"Accounts, their members, and whom they ask for a second factor."`
	User    userCmd    `cmd:"" help:"People."`
	Client  clientCmd  `cmd:"" help:"Products that delegate their logins."`
	Keys    keysCmd    `cmd:"" aliases:"key" help:"The sealing key and the keys that sign tokens, also when they have leaked."`
	Audit   auditCmd   `cmd:"" help:"The audit trail: verify it, export it."`
	Why     whyCmd     `cmd:"" help:"Say what a login has to prove, and why."`
	Migrate migrateCmd `cmd:"" help:"Bring the database schema up to date."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

const description = "Vestibule is an OpenID Connect provider that asks for a second factor where an account wants one."

// Exit statuses.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run does one command and returns the exit status.
func run(args []string, in io.Reader, out, errs io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // who presses Ctrl-C again does not want to wait
	dropEmptyVariables()
	var p program
	parser, err := kong.New(&p, options(out, errs)...)
	if err != nil {
		return fail(errs, err, exitUsage)
	}
	command, err := parser.Parse(args)
	if err != nil {
		return fail(errs, fmt.Errorf("%w\nvestibule --help shows the commands, and vestibule COMMAND --help an example of one", err), exitUsage)
	}
	command.BindTo(ctx, (*context.Context)(nil))
	command.BindTo(out, (*io.Writer)(nil))
	if err := command.Run(&p.Config, &terminal{in: in, out: out, errs: errs, json: p.JSON}); err != nil {
		return fail(errs, interrupted(err), exitFailed)
	}
	return 0
}

// options are apart from run, so that tests look at the same commands.
func options(out, errs io.Writer) []kong.Option {
	return []kong.Option{
		kong.Name("vestibule"), kong.Description(description), kong.Writers(out, errs),
		kong.Configuration(readSettings), kong.ValueFormatter(describe),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, NoExpandSubcommands: true, WrapUpperBound: 110}),
		kong.ExplicitGroups([]kong.Group{
			{Key: "output", Title: "Output:"},
			{Key: "settings", Title: "Settings (flag, environment variable or key in the --config file):"},
		}),
	}
}

// describe says of a flag what it is, what holds without it, and which variable sets it, too.
func describe(v *kong.Value) string {
	said := *v
	if v.HasDefault {
		said.Help = strings.TrimSuffix(v.Help, ".") + " (default " + v.Default + ")."
	}
	return kong.DefaultHelpValueFormatter(&said)
}

// interrupted says that of an act that Ctrl-C has ended, instead of the statement that was under way; its transaction is undone.
func interrupted(err error) error {
	if errors.Is(err, context.Canceled) {
		return errors.New("interrupted")
	}
	return err
}

// fail prints one line that says what to do: hints are part of every error, not of this function.
func fail(errs io.Writer, err error, status int) int {
	fmt.Fprintln(errs, "vestibule:", err)
	return status
}
