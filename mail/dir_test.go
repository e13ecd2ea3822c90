package mail

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func newDir(t *testing.T) (*Dir, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "outgoing", "mail")
	d, err := NewDir(path)
	if err != nil {
		t.Fatal(err)
	}
	return d, path
}

func namesIn(t *testing.T, path string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func TestALetterIsOnePrivateFile(t *testing.T) {
	d, path := newDir(t)
	if err := d.Send(t.Context(), letter()); err != nil {
		t.Fatal(err)
	}
	names := namesIn(t, path)
	if len(names) != 1 || names[0] != letter().ID+"_ada@example.com.eml" {
		t.Fatalf("files: %q", names)
	}
	raw, err := os.ReadFile(filepath.Join(path, names[0]))
	if err != nil || !bytes.Equal(raw, bytesOf(t, letter())) {
		t.Errorf("the file holds something else than the relay would get (%v)", err)
	}
	file, _ := os.Stat(filepath.Join(path, names[0]))
	folder, _ := os.Stat(path)
	if file.Mode().Perm() != 0o600 || folder.Mode().Perm() != 0o700 {
		t.Errorf("file %v, folder %v", file.Mode(), folder.Mode())
	}
}

func TestR80_TheSameLetterSentTwiceIsOneFile(t *testing.T) {
	d, path := newDir(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := d.Send(t.Context(), letter()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if names := namesIn(t, path); len(names) != 1 {
		t.Errorf("files: %q", names)
	}
}

func TestR81_AnAddressCannotLeadOutOfTheFolder(t *testing.T) {
	d, path := newDir(t)
	for _, to := range []string{"../../etc/passwd@example.com", "a/b@example.com", `a%2f{}|~@example.com`, strings.Repeat("x", 300) + "@example.com", "größe@example.com"} {
		e := letter()
		e.To = to
		if err := d.Send(t.Context(), e); err != nil && !IsPermanent(err) {
			t.Errorf("%q: %v", to, err)
		}
	}
	for _, name := range namesIn(t, path) {
		if !strings.HasPrefix(name, letter().ID+"_") || !strings.HasSuffix(name, ".eml") || len(name) > 255 {
			t.Errorf("file %q", name)
		}
	}
	if above := namesIn(t, filepath.Dir(path)); len(above) != 1 {
		t.Errorf("beside the folder: %q", above)
	}
}

func TestALetterThatCannotBeWrittenLeavesNothingAndMayBeTriedAgain(t *testing.T) {
	d, path := newDir(t)
	// A folder of that name is in the way of the rename.
	if err := os.Mkdir(filepath.Join(path, fileName(letter())), 0o700); err != nil {
		t.Fatal(err)
	}
	err := d.Send(t.Context(), letter())
	var delivery *DeliveryError
	if !errors.As(err, &delivery) || IsPermanent(err) {
		t.Errorf("%v", err)
	}
	if names := namesIn(t, path); len(names) != 1 {
		t.Errorf("left behind: %q", names)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Send(ended, letter()); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
	if _, err := NewDir(""); err == nil {
		t.Error("a folder without a name")
	}
}
