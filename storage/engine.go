package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// Config says where the records are kept.
type Config struct {
	// URL is "sqlite:PATH" or "postgres://…".
	URL string
	// Keys seals what must be read back. Required.
	Keys KeyRing
	// MaxConns bounds the connections to PostgreSQL; 0 means 4 per core, at least 16.
	MaxConns int
	// Log receives what the engine has to say; nil means slog.Default().
	Log *slog.Logger
}

// DB is an open database. Its embedded [Queries] read; [DB.Write] changes.
type DB struct {
	Queries
	engine string // "postgres" or "sqlite"
	reads  *sql.DB
	writes *sql.DB
	pool   *pgxpool.Pool // PostgreSQL alone
	log    *slog.Logger
	counts counts
}

// Engine is "postgres" or "sqlite".
func (db *DB) Engine() string { return db.engine }

// Open connects. It fails with a hint when the URL or the key ring cannot be used; the schema is
// checked by [DB.Ready] and made by [DB.Migrate].
func Open(ctx context.Context, c Config) (*DB, error) {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	seal, err := newSealer(c.Keys)
	if err != nil {
		return nil, err
	}
	db := &DB{log: c.Log}
	switch scheme, path, _ := strings.Cut(c.URL, ":"); scheme {
	case "sqlite":
		err = db.openSQLite(ctx, path)
	case "postgres", "postgresql":
		err = db.openPostgres(ctx, c)
	default:
		err = errors.New("the database URL must be sqlite:PATH or postgres://user@host/name")
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	db.Queries = Queries{q: db.reads, seal: seal, again: db.reconnected}
	if db.engine == "sqlite" {
		db.Queries.q = brief{db.reads}
	}
	return db, nil
}

// Close gives all connections back. It may be called twice.
func (db *DB) Close() {
	for _, pool := range []*sql.DB{db.reads, db.writes} {
		if pool != nil {
			pool.Close()
		}
	}
	if db.pool != nil {
		db.pool.Close()
	}
}

// Settings of every SQLite connection. FULL makes a commit survive a power cut; a write lock is
// taken when the transaction begins, so that nothing read in it can be stale; who cannot have it within
// four seconds is told so while the browser still waits.
const sqliteSettings = "_txlock=immediate&_time_integer_format=unix_micro&_inttotime=1&_timezone=UTC" +
	"&_pragma=busy_timeout(4000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
	"&_pragma=foreign_keys(1)&_dqs=0"

func (db *DB) openSQLite(ctx context.Context, path string) error {
	db.engine = "sqlite"
	if path == "" || strings.ContainsAny(path, "?#") {
		return fmt.Errorf("sqlite:%s: write sqlite:PATH, a file without ? and #", path)
	}
	// SQLite would make the file readable for everybody; the two beside it take after it.
	if file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
		file.Close()
	}
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + sqliteSettings
	writer, err := newCompiling(dsn)
	if err != nil {
		return err
	}
	reader, err := newCompiling(dsn + "&_pragma=query_only(1)")
	if err != nil {
		return err
	}
	db.writes, db.reads = sql.OpenDB(writer), sql.OpenDB(reader)
	db.writes.SetMaxOpenConns(1)
	db.writes.SetConnMaxIdleTime(0)
	if err := db.writes.PingContext(ctx); err != nil {
		return fmt.Errorf("sqlite:%s: %w (does the folder exist, and may it be written?)", path, err)
	}
	db.reads.SetMaxOpenConns(8)
	db.reads.SetMaxIdleConns(8)
	return nil
}

func (db *DB) openPostgres(ctx context.Context, c Config) error {
	db.engine = "postgres"
	config, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return errors.New("the database URL cannot be read; write postgres://user:password@host:5432/name")
	}
	config.MaxConns = int32(max(16, 4*runtime.NumCPU()))
	if c.MaxConns > 0 {
		config.MaxConns = int32(c.MaxConns)
	}
	config.MaxConnLifetime = 5 * time.Minute // so that a failover is noticed by idle connections too
	// All our look-ups are indexed. On small tables the planner would rather scan, and a scan
	// makes a serializable transaction conflict with every write to the table.
	config.ConnConfig.RuntimeParams["enable_seqscan"] = "off"
	// A scan that cannot be avoided then looks so dear that it would be compiled first, for 20 to 100 ms.
	config.ConnConfig.RuntimeParams["jit"] = "off"
	config.ConnConfig.RuntimeParams["application_name"] = "vestibule"
	config.AfterConnect = scanTimesInUTC
	if db.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	db.reads = stdlib.OpenDBFromPool(db.pool)
	db.writes = db.reads
	if err := db.reads.PingContext(ctx); err != nil {
		return fmt.Errorf("postgres: %w (is it running, and may this user connect?)", err)
	}
	return nil
}

func scanTimesInUTC(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}
