package bench

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

// multiply copies a grant and its tokens so many times, by the engine itself and with its indexes put
// aside: through the provider it would take an hour.
func (h *house) multiply(b *testing.B, like identity.GrantID, times int) {
	b.Helper()
	started := time.Now()
	random, fast, tidy := "lower(hex(randomblob(22)))", []string{"PRAGMA synchronous = OFF", "PRAGMA cache_size = -262144"}, []string{"ANALYZE"}
	if h.engine == "postgres" {
		// Foreign keys are checked by triggers, which a replica does not run.
		random, fast = "substr(md5(n.i::text) || md5((n.i + 1)::text), 1, 43)", []string{"SET session_replication_role = replica", "SET maintenance_work_mem = '256MB'"}
		tidy = []string{"VACUUM ANALYZE grants", "VACUUM ANALYZE access_tokens", "VACUUM ANALYZE refresh_tokens", "CHECKPOINT"}
	}
	drop, create := h.indexes(b)
	copies := []string{
		`INSERT INTO grants (id, client_id, user_id, account_id, session_id, entry_id, scopes, nonce, claims_in_id, proofs, epoch,
			auth_time, created_at, expires_at) SELECT CAST(1000000000 + n.i AS TEXT), g.client_id, u.id, g.account_id,
			'session ' || n.i, 'entry ' || n.i, g.scopes, g.nonce, g.claims_in_id, g.proofs, g.epoch, g.auth_time, g.created_at, g.expires_at
			FROM n CROSS JOIN grants g JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM users) u ON u.place = 1 + n.i % ` + strconv.Itoa(peopleInHouse) + `
			WHERE g.id = '` + string(like) + `'`,
		`INSERT INTO access_tokens (hash, grant_id, client_id, scopes, created_at, expires_at)
			SELECT ` + random + `, CAST(1000000000 + n.i AS TEXT), g.client_id, g.scopes, g.created_at, g.expires_at FROM n CROSS JOIN grants g
			WHERE g.id = '` + string(like) + `'`,
		`INSERT INTO refresh_tokens (hash, grant_id, client_id, created_at, expires_at)
			SELECT ` + random + `, CAST(1000000000 + n.i AS TEXT), g.client_id, g.created_at, g.expires_at FROM n CROSS JOIN grants g
			WHERE g.id = '` + string(like) + `'`,
	}
	for i := range copies {
		// After the list of columns, because PostgreSQL wants WITH before its SELECT and SQLite takes it there too.
		copies[i] = strings.Replace(copies[i], "SELECT", "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "+strconv.Itoa(times)+") SELECT", 1)
	}
	h.run(b, slices.Concat(fast, drop, copies, create, tidy)...)
	b.Logf("%s: %d grants in %s", h.engine, times, time.Since(started).Round(time.Millisecond))
}

// indexes returns the statements that drop the indexes of the three tables, and those that make them again.
func (h *house) indexes(b *testing.B) (drop, create []string) {
	b.Helper()
	query := "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ('grants', 'access_tokens', 'refresh_tokens')"
	if h.engine == "postgres" {
		query = "SELECT indexname, indexdef FROM pg_indexes WHERE indexname NOT LIKE '%_pkey' AND tablename IN ('grants', 'access_tokens', 'refresh_tokens')"
	}
	db := h.raw(b)
	defer db.Close()
	rows, err := db.Query(query)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, definition string
		if err := rows.Scan(&name, &definition); err != nil {
			b.Fatal(err)
		}
		drop, create = append(drop, "DROP INDEX "+name), append(create, definition)
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return drop, create
}
