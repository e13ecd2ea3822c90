package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Queries holds every statement. It reads on a [DB], and reads and changes in a [Tx].
type Queries struct {
	q     querier
	seal  *sealer
	again func(error) bool // whether a read that failed is worth a second try; nil in a transaction
}

// querier is what a connection pool and a transaction have in common.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// column is a column and the place of its value in a record; it serves reading and writing alike.
type column struct {
	name  string
	value any
}

// table describes how a record is kept: its columns, the key first.
type table[T any] struct {
	name    string
	columns func(*sealer, *T) []column
}

func (t table[T]) names(prefix string) string {
	var names []string
	for _, c := range t.columns(nil, new(T)) {
		names = append(names, prefix+c.name)
	}
	return strings.Join(names, ", ")
}

// selecting returns "SELECT columns FROM table " plus the rest of a statement.
func (t table[T]) selecting(rest string) string {
	return "SELECT " + t.names("") + " FROM " + t.name + " " + rest
}

// inserting returns the statement that adds a record.
func (t table[T]) inserting() string {
	columns := t.columns(nil, new(T))
	marks := make([]string, len(columns))
	for i := range columns {
		marks[i] = fmt.Sprintf("$%d", i+1)
	}
	return "INSERT INTO " + t.name + " (" + t.names("") + ") VALUES (" + strings.Join(marks, ", ") + ")"
}

// saving returns the statement that adds a record or replaces the one with the same key.
func (t table[T]) saving(keys int) string {
	columns := t.columns(nil, new(T))
	var key, sets []string
	for i, c := range columns {
		if i < keys {
			key = append(key, c.name)
		} else {
			sets = append(sets, c.name+" = excluded."+c.name)
		}
	}
	return t.inserting() + " ON CONFLICT (" + strings.Join(key, ", ") + ") DO UPDATE SET " + strings.Join(sets, ", ")
}

func (t table[T]) args(s *sealer, record *T) []any { return values(t.columns(s, record)) }

func values(columns []column) []any {
	all := make([]any, len(columns))
	for i, c := range columns {
		all[i] = c.value
	}
	return all
}

// one returns the single record a statement finds or returns, or ErrNotFound.
func one[T any](ctx context.Context, q Queries, t table[T], query string, args ...any) (T, error) {
	all, err := many(ctx, q, t, query, args...)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return *new(T), err
	}
	return all[0], nil
}

// many returns all records a statement finds or returns.
func many[T any](ctx context.Context, q Queries, t table[T], query string, args ...any) ([]T, error) {
	return rows(ctx, q, func(r *T) []any { return t.args(q.seal, r) }, query, args...)
}

// rows runs a statement and scans each row into the places that dest names. A read outside of a
// transaction is tried once more when the connection was lost.
func rows[T any](ctx context.Context, q Queries, dest func(*T) []any, query string, args ...any) ([]T, error) {
	all, err := rowsOnce(ctx, q, dest, query, args)
	if err != nil && q.again != nil && q.again(err) {
		all, err = rowsOnce(ctx, q, dest, query, args)
	}
	return all, err
}

func rowsOnce[T any](ctx context.Context, q Queries, dest func(*T) []any, query string, args []any) ([]T, error) {
	found, err := q.q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, failed(query, err)
	}
	defer found.Close()
	var all []T
	for found.Next() {
		all = append(all, *new(T))
		if err := found.Scan(dest(&all[len(all)-1])...); err != nil {
			return nil, failed(query, err)
		}
	}
	return all, failed(query, found.Err())
}

// exec runs a statement and returns how many rows it changed.
func (q Queries) exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := q.q.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, failed(query, err)
	}
	n, err := result.RowsAffected()
	return n, failed(query, err)
}

// must runs a statement that has to change a row, or fails with ErrNotFound.
func (q Queries) must(ctx context.Context, query string, args ...any) error {
	n, err := q.exec(ctx, query, args...)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// moment is a time in a column; NULL is the zero time.
type moment struct{ at *time.Time }

// Value implements driver.Valuer.
func (m moment) Value() (driver.Value, error) {
	if m.at == nil || m.at.IsZero() {
		return nil, nil
	}
	return m.at.UTC().Truncate(time.Microsecond), nil
}

// Scan implements sql.Scanner. SQLite keeps microseconds since 1970.
func (m moment) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*m.at = time.Time{}
	case time.Time:
		*m.at = v.UTC()
	case int64:
		*m.at = time.UnixMicro(v).UTC()
	default:
		return fmt.Errorf("a time came as %T", v)
	}
	return nil
}

// optional is a text that points at another table, or at nothing when it is empty.
type optional[T ~string] struct{ of *T }

// Value implements driver.Valuer.
func (o optional[T]) Value() (driver.Value, error) {
	if *o.of == "" {
		return nil, nil
	}
	return string(*o.of), nil
}

// Scan implements sql.Scanner.
func (o optional[T]) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*o.of = ""
	case string:
		*o.of = T(v)
	case []byte:
		*o.of = T(v)
	default:
		return fmt.Errorf("a text came as %T", v)
	}
	return nil
}

// orNull keeps an empty reference as NULL.
func orNull[T ~string](of *T) optional[T] { return optional[T]{of} }

// at is a time as a parameter.
func at(t time.Time) moment { return moment{&t} }

// asJSON is a value kept as JSON in TEXT.
type asJSON[T any] struct{ of *T }

// Value implements driver.Valuer.
func (j asJSON[T]) Value() (driver.Value, error) {
	b, err := json.Marshal(j.of)
	return string(b), err
}

// Scan implements sql.Scanner.
func (j asJSON[T]) Scan(v any) error {
	switch v := v.(type) {
	case string:
		return json.Unmarshal([]byte(v), j.of)
	case []byte:
		return json.Unmarshal(v, j.of)
	}
	return fmt.Errorf("JSON came as %T", v)
}

// jsonOf keeps a value as JSON.
func jsonOf[T any](of *T) asJSON[T] { return asJSON[T]{of} }
