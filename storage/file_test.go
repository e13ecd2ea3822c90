package storage_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/storage"
)

// A SQLite file holds password hashes and everybody's addresses: it is made for its owner alone, and with it
// the two files beside it.
func TestANewDatabaseFileIsItsOwnersAlone(t *testing.T) {
	folder := t.TempDir()
	open := func(name string) {
		t.Helper()
		db, err := storage.Open(t.Context(), storage.Config{URL: "sqlite:" + filepath.Join(folder, name), Keys: storage.KeyRing{storage.NewSealingKey()}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(db.Close)
		if err := db.Migrate(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	open("new.db")
	files, err := filepath.Glob(filepath.Join(folder, "new.db*"))
	if err != nil || len(files) != 3 {
		t.Fatalf("files are %v, %v", files, err)
	}
	for _, file := range files {
		if got := mode(t, file); got != 0o600 {
			t.Errorf("%s has mode %o", filepath.Base(file), got)
		}
	}

	// What an operator has decided for a file that exists stays.
	shared := filepath.Join(folder, "shared.db")
	if err := os.WriteFile(shared, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(shared, 0o660); err != nil {
		t.Fatal(err)
	}
	open("shared.db")
	if got := mode(t, shared); got != 0o660 {
		t.Errorf("a file that was there has mode %o now", got)
	}
}

func TestAMissingFolderIsSaid(t *testing.T) {
	_, err := storage.Open(t.Context(), storage.Config{
		URL: "sqlite:" + filepath.Join(t.TempDir(), "nowhere", "a.db"), Keys: storage.KeyRing{storage.NewSealingKey()},
	})
	if err == nil || !strings.Contains(err.Error(), "does the folder exist") {
		t.Errorf("got %v", err)
	}
}

func mode(t *testing.T, file string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}
