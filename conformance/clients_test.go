package conformance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/vestibule-id/vestibule/vestibuletest"
)

// openIDClient is a client library that others have written and certified, pinned.
const openIDClient = "openid-client@6.8.9"

// said is a line of a client's: what it has got, or where its browser must go.
type said struct {
	Step    string
	Visit   string
	Code    string
	Type    string
	State   string
	Refused bool
	Ended   bool
	Claims  map[string]any
}

// TestOpenIDClientGoesTheWholeWay puts npm's openid-client through code flow, refresh, userinfo, introspection, PAR, DPoP, device flow and
// logout, with a browser in which a person types. What the library checks by itself it checks.
func TestOpenIDClientGoesTheWholeWay(t *testing.T) {
	p := vestibuletest.Start(t, vestibuletest.Config{})
	tg := vestibule(p)
	talk := startClient(t, tg)
	b := newBrowser(tg.redirect, tg.afterLogout)
	var got []said
	for talk.next(t) {
		s := talk.last
		got = append(got, s)
		switch {
		case s.Step == "device" && s.Visit != "":
			approve(t, b, tg, s)
		case s.Visit != "":
			l := b.finish(b.open(s.Visit), tg.typed)
			if !l.client {
				t.Fatalf("%s: the browser ended at %s with status %d: %s", s.Step, l.at, l.status, text(l.body))
			}
			talk.tell(t, l.at.String())
		}
	}
	about := func(step string) (found said) {
		for _, s := range got {
			if s.Step == step && s.Visit == "" {
				return s
			}
		}
		t.Errorf("the client never said %q", step)
		return said{}
	}
	for _, step := range []string{"code", "refresh", "userinfo", "introspection", "par", "device"} {
		if s := about(step); s.Claims["sub"] == nil || s.Claims["sub"] != about("code").Claims["sub"] {
			t.Errorf("%s is about %v", step, s.Claims)
		}
	}
	if s := about("code"); fmt.Sprint(s.Claims["amr"]) != "[pwd]" || s.Claims["account_name"] != "Globex Events" {
		t.Errorf("the ID token says %v", s.Claims)
	}
	if about("logout").State != "bye" || !about("ended").Ended {
		t.Error("the logout has not ended what the client holds")
	}
	if about("dpop").Type != "dpop" || about("dpop-refresh").Type != "dpop" || !about("dpop-stolen").Refused {
		t.Errorf("DPoP: %+v", got)
	}
}

// approve is what a person does whose device shows a code.
func approve(t *testing.T, b *browser, tg target, s said) {
	t.Helper()
	typed := map[string]string{"user_code": s.Code, "decision": "allow"}
	for name, value := range tg.typed {
		typed[name] = value
	}
	l := b.finish(b.open(s.Visit), typed)
	if l.status >= 400 {
		t.Fatalf("device: %d at %s: %s", l.status, l.at, text(l.body))
	}
}

// talk is a client that runs beside the test.
type talk struct {
	in   io.WriteCloser
	out  *bufio.Scanner
	last said
	errs *bytes.Buffer
	run  *exec.Cmd
}

func startClient(t *testing.T, tg target) *talk {
	t.Helper()
	folder := vestibuletest.NodePackage(t, openIDClient)
	source, err := os.ReadFile(filepath.Join("testdata", "client.mjs"))
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "client.mjs"), source, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := &talk{errs: new(bytes.Buffer)}
	c.run = exec.Command("node", filepath.Join(folder, "client.mjs"), tg.issuer, tg.first.id, tg.first.secret, tg.redirect, tg.afterLogout)
	c.run.Dir, c.run.Stderr = folder, c.errs
	if c.in, err = c.run.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.run.StdoutPipe()
	if err == nil {
		err = c.run.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewScanner(out)
	t.Cleanup(func() { c.run.Process.Kill(); c.run.Wait() })
	return c
}

// next reads what the client says next; false: it has said goodbye.
func (c *talk) next(t *testing.T) bool {
	t.Helper()
	if !c.out.Scan() {
		if err := c.run.Wait(); err != nil {
			t.Fatalf("the client ended with %v\n%s", err, c.errs)
		}
		return false
	}
	c.last = said{}
	if err := json.Unmarshal(c.out.Bytes(), &c.last); err != nil {
		t.Fatalf("%s: %v", c.out.Bytes(), err)
	}
	return true
}

func (c *talk) tell(t *testing.T, line string) {
	t.Helper()
	if _, err := io.WriteString(c.in, line+"\n"); err != nil {
		t.Fatal(err)
	}
}
