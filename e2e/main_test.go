package e2e_test

import (
	"log"
	"os"
	"testing"

	"github.com/vestibule-id/vestibule/e2e/browser"
)

// shared is one Chromium for all stories: it takes a second to start. Each story has profiles of its own.
var shared *browser.Browser

// chromium is a fresh profile of the shared Chromium, gone with the test.
func chromium(t *testing.T) *browser.Browser {
	t.Helper()
	return shared.For(t).Fresh()
}

func TestMain(m *testing.M) {
	var life process
	shared = browser.New(&life)
	code := m.Run()
	life.end()
	os.Exit(code)
}

// process stands for the test that the shared Chromium belongs to, which is all of them.
type process struct {
	testing.TB
	cleanups []func()
}

// Helper implements testing.TB.
func (*process) Helper() {}

// Cleanup implements testing.TB.
func (p *process) Cleanup(f func()) { p.cleanups = append(p.cleanups, f) }

// Fatal implements testing.TB: without Chromium there are no stories, and that is no success.
func (*process) Fatal(a ...any) { log.Fatal(a...) }

// Fatalf implements testing.TB.
func (*process) Fatalf(format string, a ...any) { log.Fatalf(format, a...) }

func (p *process) end() {
	for i := len(p.cleanups) - 1; i >= 0; i-- {
		p.cleanups[i]()
	}
}
