package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/vestibule-id/vestibule/admin"
)

// TestRefusedLinesAreForNobodyElseToReadAlsoInAFileThatWasThere: they hold hashes and the secrets of authenticators.
func TestRefusedLinesAreForNobodyElseToReadAlsoInAFileThatWasThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "refused.jsonl")
	if err := os.WriteFile(path, []byte("older\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := userImportCmd{Refused: path}
	if err := c.keepRefused(admin.Imported{Refused: []admin.RefusedLine{{Text: []byte("a line")}}}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	text, _ := os.ReadFile(path)
	if err != nil || info.Mode().Perm() != 0o600 || string(text) != "a line\n" {
		t.Errorf("%v, %q, %v", info.Mode(), text, err)
	}
}
