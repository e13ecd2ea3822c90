package storage

import (
	"context"
	"database/sql"
	"errors"
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

// SQLite result codes (sqlite.org/rescode.html).
const (
	sqliteBusy             = 5
	sqliteFull             = 13
	sqliteReadOnly         = 8
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
	case errors.As(err, &pg):
		return translatePostgres(pg)
	case errors.As(err, &connect), lostConnection(err):
		return errors.Join(ErrUnavailable, err)
	case errors.As(err, &lite):
		return translateSQLite(lite)
	}
	return err
}

func translatePostgres(err *pgconn.PgError) error {
	switch {
	case err.Code == "23505":
		return errors.Join(ErrExists, err)
	case serverGone(err.Code), err.Code == "53300":
		return errors.Join(ErrUnavailable, err)
	}
	return err
}

func translateSQLite(err *sqlite.Error) error {
	switch {
	case err.Code() == sqliteUnique, err.Code() == sqlitePrimaryKey:
		return errors.Join(ErrExists, err)
	case oneCode(err.Code()&sqlitePrimaryCodeShift, sqliteBusy, sqliteFull, sqliteReadOnly):
		return errors.Join(ErrUnavailable, err)
	}
	return err
}

func oneCode(code int, all ...int) bool {
	for _, c := range all {
		if code == c {
			return true
		}
	}
	return false
}

// conflicted reports a transaction that lost against another one and may simply be run again.
func conflicted(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

// serverGone holds for a server that shuts down, starts, lost us, or was fenced read-only in a failover.
func serverGone(code string) bool {
	return code == "25006" || code == "57P01" || code == "57P02" || code == "57P03" || strings.HasPrefix(code, "08")
}

func lostConnection(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	return pgconn.SafeToRetry(err) || errors.Is(err, sql.ErrConnDone) ||
		strings.Contains(err.Error(), "conn closed") || strings.Contains(err.Error(), "unexpected EOF") || strings.Contains(err.Error(), "connection reset")
}

// reconnected drops the connections of a server that is gone, and reports whether the read is worth
// a second try.
func (db *DB) reconnected(err error) bool {
	if db.pool == nil || !errors.Is(err, ErrUnavailable) {
		return false
	}
	db.log.Warn("database connection lost; connecting anew", "error", err)
	db.pool.Reset()
	return true
}
