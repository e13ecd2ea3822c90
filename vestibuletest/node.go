package vestibuletest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// NodePackage fetches a package of Node.js, such as "openid-client@6.8.9", into the user's cache, once, and returns the folder. Without
// Node.js the test is skipped.
func NodePackage(t testing.TB, pinned string) (folder string) {
	t.Helper()
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("there is no Node.js here; install it to run what others have written in JavaScript")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	folder = filepath.Join(cache, "vestibule-conformance", strings.ReplaceAll(pinned, "@", "-"))
	if _, err := os.Stat(filepath.Join(folder, "installed")); err == nil {
		return folder
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	install := exec.Command(npm, "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", pinned)
	install.Dir = folder
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm install %s: %v\n%s", pinned, err, out)
	}
	if err := os.WriteFile(filepath.Join(folder, "installed"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return folder
}
