package conformance

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/vestibuletest"
)

// TestApacheProtectsAPage puts a page behind Debian's mod_auth_openidc, with the very lines that docs/clients.md shows.
func TestApacheProtectsAPage(t *testing.T) {
	p := vestibuletest.Start(t, vestibuletest.Config{})
	tg := vestibule(p)
	base := "http://127.0.0.1:" + freePort(t)
	p.Apply(fmt.Sprintf(`clients: [{id: intranet, name: Intranet, secret: secret-of-the-apache-client, redirect_uris: ["%[1]s/oidc/callback"], post_logout_redirect_uris: ["%[1]s/goodbye.txt"], backchannel_logout_uri: "%[1]s/oidc/callback?logout=backchannel"}]`, base))
	startApache(t, tg, base)

	b := newBrowser("http://127.0.0.1:1/") // nowhere: Apache serves its own addresses
	l := b.finish(b.open(base+"/private.txt"), tg.typed)
	if l.status != http.StatusOK || !strings.Contains(l.body, "for members") || l.at.String() != base+"/private.txt" {
		t.Fatalf("status %d at %s: %s", l.status, l.at, text(l.body))
	}
	if l.header.Get("X-Email") != "cleo@example.com" || l.header.Get("X-Account") != "Globex Events" || l.header.Get("X-Acr") != "urn:vestibule:acr:1fa" {
		t.Errorf("Apache was told %v", l.header)
	}
	l = b.open(base + "/oidc/callback?logout=" + base + "/goodbye.txt")
	if l.at.String() != base+"/goodbye.txt" || !strings.Contains(l.body, "goodbye") {
		t.Errorf("after the logout: status %d at %s: %s", l.status, l.at, text(l.body))
	}
	if l = b.open(base + "/private.txt"); !strings.HasPrefix(l.at.String(), tg.issuer) {
		t.Errorf("the page is open after the logout: %s", l.at)
	}

	b.finish(l, tg.typed)
	if l = b.open(base + "/private.txt"); !strings.Contains(l.body, "for members") {
		t.Fatalf("the second login ended at %s: %s", l.at, text(l.body))
	}
	p.Apply(`accounts: [{slug: globex, two_factor: all}]`)
	for end := time.Now().Add(20 * time.Second); strings.HasPrefix(b.open(base+"/private.txt").at.String(), base); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the account asks for a code since, and Apache has not noticed")
		}
	}
	if strings.Contains(p.Log.String(), "was not told of a logout") {
		t.Error("Apache has ended the session and answered as if it had not")
	}
}

// startApache runs Apache with nothing but what the page needs, until the test ends.
func startApache(t *testing.T, tg target, base string) {
	t.Helper()
	apache, err := exec.LookPath("apache2")
	modules := "/usr/lib/apache2/modules/"
	if err == nil {
		_, err = os.Stat(modules + "mod_auth_openidc.so")
	}
	if err != nil {
		t.Skip("there is no Apache with mod_auth_openidc here: Debian's packages apache2-bin and libapache2-mod-auth-openidc")
	}
	folder, err := os.MkdirTemp("", "vestibule-apache-") // t.TempDir is closed to the user Apache runs as
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	pages := filepath.Join(folder, "pages")
	for name, content := range map[string]string{
		"pages/private.txt": "for members\n", "pages/goodbye.txt": "goodbye\n", "apache.conf": apacheConfig(t, tg, base, folder, modules),
	} {
		if err := os.MkdirAll(pages, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	run := exec.Command(apache, "-X", "-d", folder, "-f", filepath.Join(folder, "apache.conf"))
	run.Stderr = os.Stderr
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run.Process.Kill(); run.Wait() })
	awaitListener(t, strings.TrimPrefix(base, "http://"))
}

func apacheConfig(t *testing.T, tg target, base, folder, modules string) string {
	t.Helper()
	shown := strings.NewReplacer(
		"https://login.example.com", tg.issuer, "https://intranet.example.com", base, "OIDCClientSecret …", "OIDCClientSecret secret-of-the-apache-client",
		"OIDCCryptoPassphrase …", "OIDCCryptoPassphrase only-for-this-test", "account=acme", "account=globex", "Acme Media", "Globex Events",
	).Replace(recipe(t, "Apache", "apache"))
	var lines []string
	for _, name := range []string{"mpm_event", "authn_core", "authz_core", "authz_user", "headers", "auth_openidc"} {
		lines = append(lines, "LoadModule "+name+"_module "+modules+"mod_"+name+".so")
	}
	if os.Geteuid() == 0 {
		lines = append(lines, "User www-data", "Group www-data")
	}
	return strings.Join(lines, "\n") + fmt.Sprintf(`
Listen %[1]s
ServerName 127.0.0.1
PidFile %[2]s/apache.pid
ErrorLog /dev/stderr
LogLevel error
DocumentRoot %[2]s/pages

%[3]s
OIDCPassClaimsAs environment
<Directory %[2]s/pages>
    Require all granted
</Directory>
<Location /private.txt>
    Header set X-Email expr=%%{reqenv:OIDC_CLAIM_email}
    Header set X-Account expr=%%{reqenv:OIDC_CLAIM_account_name}
    Header set X-Acr expr=%%{reqenv:OIDC_CLAIM_acr}
</Location>
<Location /goodbye.txt>
    AuthType None
    Require all granted
</Location>
`, strings.TrimPrefix(base, "http://"), folder, shown)
}
