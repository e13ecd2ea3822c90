package vestibule_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	testNamed    = regexp.MustCompile("`((?:Test|Benchmark|Fuzz)\\w+)`")
	testDeclared = regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz)\w+)\(`)
)

// TestEveryTestThatTheDocumentationNamesExists because a promise whose test was renamed away is a promise nobody keeps.
func TestEveryTestThatTheDocumentationNamesExists(t *testing.T) {
	declared := map[string]bool{}
	err := fs.WalkDir(os.DirFS("."), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, found := range testDeclared.FindAllStringSubmatch(string(source), -1) {
			declared[found[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	named := testNamed.FindAllStringSubmatch(string(text), -1)
	if len(named) < 50 {
		t.Fatalf("docs/security.md names %d tests", len(named))
	}
	for _, name := range named {
		if !declared[name[1]] {
			t.Errorf("docs/security.md names %s, which does not exist", name[1])
		}
	}
}
