package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

// ErrNotFound says that no record matched: it does not exist, or a conditional UPDATE came too late.
var ErrNotFound = errors.New("not found")

// ErrExists says that a record with the same unique value exists.
var ErrExists = errors.New("already exists")

// ErrUnavailable says that the database cannot serve now; the same call may succeed soon. Doors
// answer 503 with Retry-After.
var ErrUnavailable = errors.New("the database is not available now")

// ErrUnrecorded says that an act was not done because the audit trail cannot be written.
var ErrUnrecorded = fmt.Errorf("%w: the audit trail cannot be written", ErrUnavailable)

// SQLite result codes (sqlite.org/rescode.html).
const (
	sqliteBusy             = 5
	sqliteReadOnly         = 8
	sqliteIOError          = 10
	sqliteFull             = 13
	sqliteCantOpen         = 14
	sqliteUnique           = 2067
	sqlitePrimaryKey       = 1555
	sqlitePrimaryCodeShift = 0xff
)

// translate turns what an engine says into the errors of this package. Other errors stay as they
// are; none of their texts is shown to people.
func translate(err error) error {
	var pg *pgconn.PgError
	var lite *sqlite.Error
	var connect *pgconn.ConnectError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return ErrNotFound
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &connect), lostConnection(err): // whatever the server said to refuse us
		return errors.Join(ErrUnavailable, err)
	case errors.As(err, &pg):
		return translatePostgres(pg)
	case errors.As(err, &lite):
		return translateSQLite(lite)
	}
	return err
}

func translatePostgres(err *pgconn.PgError) error {
	switch {
	case err.Code == "23505":
		return errors.Join(ErrExists, err)
	case serverGone(err.Code):
		return errors.Join(ErrUnavailable, err)
	}
	return err
}

func translateSQLite(err *sqlite.Error) error {
	switch {
	case err.Code() == sqliteUnique, err.Code() == sqlitePrimaryKey:
		return errors.Join(ErrExists, err)
	case slices.Contains([]int{sqliteBusy, sqliteReadOnly, sqliteIOError, sqliteFull, sqliteCantOpen}, err.Code()&sqlitePrimaryCodeShift):
		return errors.Join(ErrUnavailable, err)
	}
	return err
}

// conflicted reports a transaction that lost against another one and may simply be run again.
func conflicted(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

// gone are the SQLSTATE codes, and classes of two letters, of a server that cannot serve: lost us,
// is out of room, shuts down or starts, ran into a limit of time, or was fenced read-only in a failover.
var gone = []string{"08", "53", "57", "58", "25006", "25P03", "55P03"}

func serverGone(code string) bool {
	return slices.ContainsFunc(gone, func(prefix string) bool { return strings.HasPrefix(code, prefix) })
}

// lostConnection reports an error of the connection and not of the statement.
func lostConnection(err error) bool {
	var network *net.OpError
	return pgconn.SafeToRetry(err) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, pgconn.ErrConnClosed)
}

// errNoConnection says that all connections were in use for too long.
var errNoConnection = fmt.Errorf("%w: no connection became free within %s", ErrUnavailable, maxWait)

// crowded reports a server that is there and has its hands full: to connect anew would give it more to do.
func crowded(err error) bool {
	var pg *pgconn.PgError
	return errors.Is(err, errNoConnection) || errors.Is(err, ErrUnrecorded) ||
		errors.As(err, &pg) && (strings.HasPrefix(pg.Code, "53") || pg.Code == "55P03" || pg.Code == "57014")
}

// reconnected drops the connections of a server that is gone, and reports whether another try is
// worth it.
func (db *DB) reconnected(err error) bool {
	if errors.Is(err, ErrUnavailable) {
		db.counts.failures.Add(1)
	}
	if db.pool == nil || !errors.Is(err, ErrUnavailable) || crowded(err) {
		return false
	}
	db.log.Warn("database connection lost; connecting anew", "error", err)
	db.counts.reconnects.Add(1)
	db.pool.Reset()
	return true
}

// failed names the statement by its first words in an unexpected error; it never shows a value.
func failed(query string, err error) error {
	err = translate(err)
	if err == nil || errors.Is(err, ErrNotFound) {
		return err
	}
	words := strings.Fields(query)
	return fmt.Errorf("%s …: %w", strings.Join(words[:min(3, len(words))], " "), discreet(err))
}

// discreet covers up errors whose text repeats a value: of what the server would not take as that type,
// what the driver could not send, and what could not be read into a record.
func discreet(err error) error {
	var pg *pgconn.PgError
	text := err.Error()
	switch column, scanning := strings.CutPrefix(text, "sql: Scan error on column "); {
	case errors.Is(err, errUnsealed):
		return err
	case scanning:
		column, _, _ = strings.Cut(column, ": ")
		return covered{"the value in column " + column + " cannot be read", err}
	case strings.HasPrefix(text, "failed to encode args"):
		return covered{"a value does not fit its column", err}
	case errors.As(err, &pg) && strings.HasPrefix(pg.Code, "22"): // data exception
		return covered{"a value was refused (SQLSTATE " + pg.Code + ")", err}
	}
	return err
}

// covered is an error under another text.
type covered struct {
	text string
	err  error
}

// Error implements error.
func (c covered) Error() string { return c.text }

// Unwrap leads to what happened, for errors.Is.
func (c covered) Unwrap() error { return c.err }
