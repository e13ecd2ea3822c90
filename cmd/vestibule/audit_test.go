package main

import (
	"bytes"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
)

func TestVerifyingATrailThatWasTamperedWithFailsAndNamesTheEvent(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "vestibule.db")
	do := func(want int, args ...string) string {
		var out, errs bytes.Buffer
		args = append(args, "--database-url", "sqlite:"+path, "--key-file", filepath.Join(folder, "key"))
		if got := run(args, strings.NewReader(""), &out, &errs); got != want {
			t.Fatalf("%v: exit status %d, want %d\n%s%s", args, got, want, &out, &errs)
		}
		return out.String() + errs.String()
	}
	do(0, "keys", "init")
	do(0, "migrate")
	do(0, "account", "add", "acme", "Acme")
	do(0, "audit", "verify")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var id string
	if err := db.QueryRow("SELECT id FROM events").Scan(&id); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"DROP TRIGGER events_stay", "DELETE FROM events"} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if said := do(1, "audit", "verify"); !strings.Contains(said, "event "+id+" was removed\n") || !strings.Contains(said, "tampered with") {
		t.Error(said)
	}
	if said := do(1, "audit", "verify", "--json"); !strings.Contains(said, `"ok": false`) || !strings.Contains(said, `"how": "removed"`) {
		t.Error(said)
	}
}
