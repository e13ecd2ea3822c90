package e2e_test

import (
	"bufio"
	"context"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/demo"
)

// TestTheDemoCommandEndsInAWorkingLogin does what the README's first lines promise, knowing nothing but what
// the command prints: where things are, and who logs in with which password.
func TestTheDemoCommandEndsInAWorkingLogin(t *testing.T) {
	printed := startDemo(t)
	cms, mailbox, phone := printed.address("CMS"), printed.address("mailbox"), printed.address("phone")
	b := chromium(t)
	app := b.Tab()

	tab := b.Tab()
	ada := printed.person(ada.Email)
	tab.Open(cms)
	tab.Follow("text=Log in")
	logIn(tab, ada)
	tab.Follow(`[value="acme"]`)
	app.Open(phone)
	see(t, app, "phone")
	app.Reload()
	enterCode(tab, codeField, app.Text(`[data-owner="`+ada.Email+`"] .code`))
	expectLogin(t, tab, cms, ada, "Acme Media", passwordAndCode)

	tab = b.Fresh().Tab()
	ben := printed.person(ben.Email)
	tab.Open(mailbox)
	openLetter(tab, "Set up two-factor authentication for Acme Media")
	tab.Follow(".letter-link")
	tab.Fill("label=Password", ben.Password)
	tab.Follow("text=Show the QR code")
	uri, err := url.Parse(tab.QRCode(".qr"))
	if err != nil {
		t.Fatal(err)
	}
	tab.Follow("text=Continue without checking")
	tab.Open(cms)
	tab.Follow("text=Acme Media")
	logIn(tab, ben)
	app.Fill("label=The key from a QR screen", uri.Query().Get("secret"))
	app.Follow("text=Show the code")
	enterCode(tab, codeField, app.Text(`[data-owner="the key you typed"] .code`))
	saveCodes(t, tab)
	expectLogin(t, tab, cms, ben, "Acme Media", passwordAndCode)

	tab = b.Fresh().Tab()
	cleo := printed.person(cleo.Email)
	enter(tab, cms, "Globex Events")
	logIn(tab, cleo)
	expectLogin(t, tab, cms, cleo, "Globex Events", password)
	if out, err := exec.Command("sh", "-c", printed.command()).CombinedOutput(); err != nil {
		t.Fatalf("the printed command failed: %v\n%s", err, out)
	}
	expectEnded(t, tab, "Every film in its place.")
}

// table is what the demo has printed, line by line.
type table struct {
	t     *testing.T
	lines []string
}

// startDemo builds the program, starts it on free ports and returns what it prints until it is ready.
func startDemo(t *testing.T) table {
	t.Helper()
	program := filepath.Join(t.TempDir(), "vestibule")
	if out, err := exec.Command("go", "build", "-o", program, "../cmd/vestibule").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Minute)
	command := exec.CommandContext(ctx, program, "demo", "--port=0", "--cms-port=0", "--events-port=0", "--mailbox-port=0", "--phone-port=0")
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) } // as Ctrl-C does
	command.WaitDelay = 20 * time.Second
	command.Stderr = t.Output()
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		if err := command.Wait(); command.ProcessState.ExitCode() != 0 {
			t.Errorf("the demo did not end well: %v", err)
		}
	})
	return table{t, linesUntil(t, out, "account require-2fa")}
}

// linesUntil reads as far as a line that contains last, and lets the rest run dry.
func linesUntil(t *testing.T, out io.Reader, last string) (lines []string) {
	t.Helper()
	scanner := bufio.NewScanner(out)
	for scanner.Scan() {
		if lines = append(lines, scanner.Text()); strings.Contains(scanner.Text(), last) {
			go io.Copy(io.Discard, out)
			return lines
		}
	}
	t.Fatalf("the demo ended after printing:\n%s", strings.Join(lines, "\n"))
	return nil
}

// address is where the table says that something is.
func (p table) address(what string) string {
	p.t.Helper()
	return p.row("http://localhost:", what)[0]
}

// person is who the table says may log in with what.
func (p table) person(email string) demo.Person {
	p.t.Helper()
	fields := p.row(email, "")
	return demo.Person{Email: fields[0], Password: fields[1]}
}

// command is what the demo suggests to run beside it: the last lines.
func (p table) command() string {
	p.t.Helper()
	for i, line := range p.lines {
		if strings.HasPrefix(strings.TrimSpace(line), "VESTIBULE_") {
			return strings.Join(p.lines[i:], "\n")
		}
	}
	p.t.Fatalf("the demo printed no command:\n%s", strings.Join(p.lines, "\n"))
	return ""
}

// row is the first line that starts and goes on like that, in words.
func (p table) row(start, part string) []string {
	p.t.Helper()
	for _, line := range p.lines {
		if strings.HasPrefix(line, start) && strings.Contains(line, part) {
			return strings.Fields(line)
		}
	}
	p.t.Fatalf("the demo printed no line with %q and %q:\n%s", start, part, strings.Join(p.lines, "\n"))
	return nil
}
