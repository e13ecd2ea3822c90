package storage_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/storage"
)

// history is how many records of each kind there are besides the one that is asked for.
const history = 1000

// grows are the methods that read everything, with the reason. An excuse nobody needs is an error, too.
var grows = map[string]string{
	"Users":          "lists everybody",
	"Accounts":       "lists all accounts",
	"Clients":        "lists all clients",
	"SigningKeys":    "lists all keys; there are a handful",
	"RecentEvents":   "walks the index from its end and stops",
	"LettersWaiting": "counts what waits, and that alone is in its index",
	"OldestLetter":   "looks for the oldest of those, or for the first of all that waits",
	"LogoutsWaiting": "the same for logouts",
	"SealEvents":     "takes what is new from the beginning of its table, and the end of the chain",
}

// TestTheCostOfAnActDoesNotGrowWithHistory calls every method of a transaction, and asks the engine how it is
// going to find the rows of each of its statements.
func TestTheCostOfAnActDoesNotGrowWithHistory(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		fill(t, db)
		seen, excused := 0, map[string]bool{}
		for name, act := range acts() {
			err := db.Watch(t.Context(), func(s storage.Statement) {
				seen++
				for _, step := range scans(t, db.Engine(), s) {
					excused[name] = true
					if grows[name] == "" {
						t.Errorf("%s: %s\n%s", name, step, s.Query)
					}
				}
			}, func(tx *storage.Tx) error { return act(t.Context(), tx) })
			if err != nil && !errors.Is(err, storage.ErrNotFound) && !errors.Is(err, storage.ErrExists) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if seen < 70 {
			t.Errorf("only %d statements were seen", seen)
		}
		for name := range grows {
			if !excused[name] {
				t.Errorf("%s is excused but looks up what it reads", name)
			}
		}
	})
}

// acts are all methods of a transaction, with arguments that name the same record everywhere.
func acts() map[string]func(context.Context, *storage.Tx) error {
	all := map[string]func(context.Context, *storage.Tx) error{
		"Sweeps": func(ctx context.Context, tx *storage.Tx) error { return tx.Sweeps(ctx, noon.Add(-time.Hour)) },
	}
	for m := range reflect.TypeFor[*storage.Tx]().Methods() {
		if all[m.Name] != nil {
			continue
		}
		all[m.Name] = func(ctx context.Context, tx *storage.Tx) error {
			args := []reflect.Value{reflect.ValueOf(tx), reflect.ValueOf(ctx)}
			for i := 2; i < m.Type.NumIn(); i++ {
				arg := reflect.New(m.Type.In(i)).Elem()
				describe(arg)
				args = append(args, arg)
			}
			results := m.Func.Call(args)
			err, _ := results[len(results)-1].Interface().(error)
			return err
		}
	}
	return all
}

// thing is the name, the id, the digest and the text of everything.
const thing = "x"

// alwaysSet are the times no record is without.
var alwaysSet = []string{"At", "CreatedAt", "UpdatedAt", "ExpiresAt", "SeenAt", "EnteredAt", "AuthTime", "ActiveAt", "NextTryAt", "LastAt", "CountedAt"}

// describe fills a value: texts with the one name, times with noon, numbers with one.
func describe(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(noon))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if field.Type != reflect.TypeFor[time.Time]() || slices.Contains(alwaysSet, field.Name) {
				describe(v.Field(i))
			}
		}
	case v.Kind() == reflect.String:
		v.SetString(thing)
	case v.CanInt():
		v.SetInt(1)
	case v.Type() == reflect.TypeFor[[]byte]():
		v.SetBytes([]byte(thing))
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		describe(v.Index(0))
	}
}

// tables in an order in which each finds those it points at, with the method that writes one record, and which
// copies of it are over: ended, used, sent, whatever a time that may be missing says.
var tables = []struct{ name, add, over string }{
	{"users", "SaveUser", half}, {"accounts", "SaveAccount", half}, {"memberships", "SaveMembership", half}, {"links", "AddLink", half},
	{"clients", "SaveClient", half}, {"sessions", "AddSession", half}, {"session_entries", "SaveEntry", half},
	{"authorization_requests", "AddAuthorizationRequest", half}, {"pushed_requests", "AddPushedRequest", half}, {"grants", "AddGrant", half}, {"codes", "AddCode", half},
	{"spent_statements", "Spend", half}, {"device_requests", "AddDeviceRequest", half}, {"pairwise_subjects", "RememberSubject", half}, {"access_tokens", "AddAccessToken", half}, {"refresh_tokens", "AddRefreshToken", half}, {"enrollments", "AddEnrollment", half},
	{"authenticators", "AddAuthenticator", half}, {"attempts", "SaveAttempts", half}, {"address_attempts", "CountAddress", half},
	{"recovery_codes", "ReplaceRecoveryCodes", half}, {"known_browsers", "RememberBrowser", half}, {"letters", "AddLetter", "TRUE"}, {"events", "Record", half},
	{"forgotten_passwords", "AddForgottenPassword", half}, {"recoveries", "AddRecovery", half},
	{"passkeys", "AddPasskey", half}, {"ceremonies", "AddCeremony", half},
	{"logouts", "EndEntry", "TRUE"},
	{"unsealed_events", "SaveUser", half}, // the thing itself came with Record
	{"audit_links", "AddAuditLink", half},
}

const half = "i % 2 = 0"

// fill writes the thing into every table, and then history: copies of it under other names.
func fill(t *testing.T, db *storage.DB) {
	t.Helper()
	all, copied := acts(), copies(t, db)
	for _, table := range tables {
		write(t, db, func(tx *storage.Tx) error { return all[table.add](t.Context(), tx) })
		into := slices.Sorted(maps.Keys(copied[table.name]))
		var from []string
		for _, column := range into {
			from = append(from, strings.ReplaceAll(copied[table.name][column], "OVER", table.over))
		}
		statement := fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO %s (%s) SELECT %s FROM %[2]s, n",
			history, table.name, strings.Join(into, ", "), strings.Join(from, ", "))
		if _, err := db.Writer().ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", table.name, err)
		}
	}
	if _, err := db.Writer().ExecContext(t.Context(), "ANALYZE"); err != nil {
		t.Fatal(err)
	}
}

// copies says for each column of each table what it holds in the i-th copy.
func copies(t *testing.T, db *storage.DB) map[string]map[string]string {
	t.Helper()
	all, always := map[string]map[string]string{}, map[string]string{}
	lines := schema(t, db)
	for _, missing := range []bool{false, true} { // those that are always set come first
		for _, line := range lines {
			table, rest, _ := strings.Cut(line, ": ")
			words := strings.Fields(rest)
			if words[0] != "column" || missing == strings.HasSuffix(line, " not null") {
				continue
			}
			if all[table] == nil {
				all[table] = map[string]string{}
			}
			column := words[2]
			switch words[3] {
			case "text":
				all[table][column] = fmt.Sprintf("CASE %[1]s WHEN '%[2]s' THEN %[1]s || i ELSE %[1]s END", column, thing)
			case "timestamp":
				if !missing {
					always[table], all[table][column] = column, column
				} else if always[table] != "" {
					all[table][column] = "CASE WHEN OVER THEN " + always[table] + " END"
				} else {
					all[table][column] = column
				}
			default:
				if all[table][column] = column; words[3] == "bytea" && missing { // a sealed value cannot be copied
					all[table][column] = "NULL"
				}
			}
		}
	}
	return all
}

// scans returns the steps of a statement in which the engine would read a whole table or index.
func scans(t *testing.T, engine string, s storage.Statement) (found []string) {
	t.Helper()
	explain := "EXPLAIN QUERY PLAN "
	if engine == "postgres" {
		if _, err := s.Tx.Exec("SET LOCAL enable_seqscan = on"); err != nil { // production turns it off; a plan that needs that is a bad one
			t.Fatal(err)
		}
		explain = "EXPLAIN (FORMAT JSON) "
	}
	steps, err := s.Tx.Query(explain+s.Query, s.Args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, s.Query)
	}
	defer steps.Close()
	for steps.Next() {
		if engine == "postgres" {
			var text string
			var plans []struct{ Plan plan }
			if err := errors.Join(steps.Scan(&text), json.Unmarshal([]byte(text), &plans)); err != nil {
				t.Fatal(err)
			}
			return plans[0].Plan.scans()
		}
		var id, parent, unused int
		var detail string
		if err := steps.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(detail, "SCAN ") {
			found = append(found, detail)
		}
	}
	return found
}

// plan is one step of a plan of PostgreSQL.
type plan struct {
	Type      string `json:"Node Type"`
	Table     string `json:"Relation Name"`
	Index     string `json:"Index Name"`
	Condition string `json:"Index Cond"`
	Plans     []plan
}

func (p plan) scans() (found []string) {
	for _, below := range p.Plans {
		found = append(found, below.scans()...)
	}
	index := strings.Contains(p.Type, "Index") && p.Condition == ""
	if p.Type == "Seq Scan" || index {
		found = append(found, p.Type+" on "+p.Table+" "+p.Index)
	}
	return found
}

func TestAListThatMustBeScannedIsNotCompiledFirst(t *testing.T) {
	db := open(t, migratedPostgres(t))
	steps, err := db.Writer().Query("EXPLAIN ANALYZE SELECT algorithm FROM signing_keys ORDER BY created_at")
	if err != nil {
		t.Fatal(err)
	}
	defer steps.Close()
	for steps.Next() {
		var step string
		if err := steps.Scan(&step); err != nil || strings.Contains(step, "JIT") {
			t.Error(step, err)
		}
	}
}
