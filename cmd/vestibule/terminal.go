package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"github.com/vestibule-id/vestibule/admin"
)

// terminal is where a command reads and prints.
type terminal struct {
	in        io.Reader
	out, errs io.Writer
	json      bool
}

// show prints a value as JSON for programs, or what people writes as an aligned table: cells end with a
// tab, rows with a line break.
func (t *terminal) show(value any, people func(w io.Writer)) error {
	if t.json {
		encoder := json.NewEncoder(t.out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(value)
	}
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	people(table)
	return table.Flush()
}

// row prints one row of a table.
func row(w io.Writer, cells ...any) {
	for i, cell := range cells {
		if i > 0 {
			fmt.Fprint(w, "\t")
		}
		fmt.Fprint(w, cell)
	}
	fmt.Fprintln(w)
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// day prints a moment for people.
func day(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.Format("2006-01-02 15:04 UTC")
}

// effects prints what an act did besides what it was asked for; nothing when that is nothing.
func effects(w io.Writer, e admin.Effects) {
	if e.Invited+e.Informed > 0 {
		fmt.Fprintf(w, "Letters in the outbox: %d with a link, %d that there is nothing to do. The server delivers them.\n",
			e.Invited, e.Informed)
	}
	if e.SessionsEnded+e.GrantsRevoked > 0 {
		fmt.Fprintf(w, "Ended, because the account no longer accepts it: %d in browsers, %d in products.\n", e.SessionsEnded, e.GrantsRevoked)
	}
}

// password reads a password from standard input: its first line, or on a terminal what is typed twice
// without being shown. A flag would stay in the shell's history and in the list of processes.
func (t *terminal) password(ctx context.Context) (string, error) {
	if file, ok := t.in.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return t.typedPassword(ctx, int(file.Fd()))
	}
	line, err := unlessInterrupted(ctx, func() (string, error) { return bufio.NewReader(t.in).ReadString('\n') })
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", errors.New("there is no password on standard input (printf '%s\\n' \"$PASSWORD\" | vestibule user add … --password-stdin)")
	}
	return line, nil
}

// unlessInterrupted reads what somebody types, or gives up at Ctrl-C: a read waits for a line break, whatever happens meanwhile.
func unlessInterrupted[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := read()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		return result{}.value, ctx.Err()
	}
}

// typedPassword asks twice, because nobody sees what they type.
func (t *terminal) typedPassword(ctx context.Context, fd int) (string, error) {
	visible, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	defer term.Restore(fd, visible) // also when Ctrl-C comes while nothing is shown
	var typed [2]string
	for i, prompt := range []string{"Password: ", "Once more: "} {
		fmt.Fprint(t.errs, prompt)
		b, err := unlessInterrupted(ctx, func() ([]byte, error) { return term.ReadPassword(fd) })
		fmt.Fprintln(t.errs)
		if err != nil {
			return "", err
		}
		typed[i] = string(b)
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two passwords differ (try again)")
	}
	return typed[0], nil
}
