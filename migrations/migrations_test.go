package migrations_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/migrations"
)

// TestAStepIsNeverChangedAfterwards because databases that have taken it never take it again: what was added to it is missing there, and
// migrate says that all is well.
func TestAStepIsNeverChangedAfterwards(t *testing.T) {
	listed, err := os.ReadFile("steps.sha256")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for line := range strings.Lines(string(listed)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		want[name] = sum
	}
	for folder, files := range map[string]fs.FS{"postgres": migrations.Postgres, "sqlite": migrations.SQLite} {
		names, err := fs.Glob(files, folder+"/*.sql")
		if err != nil || len(names) < 13 {
			t.Fatalf("%d steps for %s, %v", len(names), folder, err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(files, name)
			if err != nil {
				t.Fatal(err)
			}
			digest := sha256.Sum256(text)
			switch sum := hex.EncodeToString(digest[:]); want[name] {
			case sum:
			case "":
				t.Errorf("%s is new: add it to steps.sha256 (cd migrations && sha256sum */*.sql >steps.sha256)", name)
			default:
				t.Errorf("%s was changed; leave it as it was, and make a new step", name)
			}
			delete(want, name)
		}
	}
	for name := range want {
		t.Errorf("%s is gone, or renamed", name)
	}
}
