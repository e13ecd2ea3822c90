package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"modernc.org/sqlite"
)

// maxCompiled bounds what one connection keeps. The texts are those of this package, about a hundred; the
// bound is for those of migrations.
const maxCompiled = 256

// compiling opens SQLite connections that keep their statements compiled: to parse and plan one costs
// more than to run it. (The driver for PostgreSQL keeps them by itself.)
type compiling struct{ driver.Connector }

func newCompiling(dsn string) (driver.Connector, error) {
	c, err := sqlite.NewConnector(dsn)
	return compiling{c}, err
}

// Connect implements driver.Connector.
func (c compiling) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &connection{conn.(sqliteConn), map[string]sqliteStatement{}}, nil
}

// sqliteConn is what the driver's connection can do, as far as database/sql asks for it.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type sqliteStatement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// connection is used by one goroutine at a time, as database/sql promises.
type connection struct {
	sqliteConn
	idle map[string]sqliteStatement // compiled and not in use, by text
}

// take returns a text compiled. Nobody else gets the statement until it is given back: while rows are
// read off it, another run would move it under their feet.
func (c *connection) take(ctx context.Context, text string) (sqliteStatement, error) {
	if s, ok := c.idle[text]; ok {
		delete(c.idle, text)
		return s, nil
	}
	s, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.(sqliteStatement), nil
}

func (c *connection) giveBack(text string, s sqliteStatement) {
	if _, ok := c.idle[text]; ok || len(c.idle) == maxCompiled {
		s.Close()
		return
	}
	c.idle[text] = s
}

// ExecContext implements driver.ExecerContext. The driver would start a goroutine for each statement to
// watch the context; a statement is over before that pays, and a transaction ends with its context anyway.
func (c *connection) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	defer c.giveBack(text, s)
	return s.ExecContext(context.WithoutCancel(ctx), args)
}

// QueryContext implements driver.QueryerContext.
func (c *connection) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(context.WithoutCancel(ctx), args)
	if err != nil {
		c.giveBack(text, s)
		return nil, err
	}
	return &openRows{rows, c, text, s}, nil
}

// openRows are rows that give their statement back when they are closed.
type openRows struct {
	driver.Rows
	conn      *connection
	text      string
	statement sqliteStatement
}

// Close implements driver.Rows; database/sql calls it once.
func (r *openRows) Close() error {
	err := r.Rows.Close()
	r.conn.giveBack(r.text, r.statement)
	return err
}

// Close gives the statements back to the engine, which would keep the file open for them.
func (c *connection) Close() error {
	for _, s := range c.idle {
		s.Close()
	}
	return c.sqliteConn.Close()
}

// brief keeps database/sql from watching the context of each statement with a goroutine of its own.
type brief struct{ querier }

// ExecContext implements querier.
func (b brief) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return b.querier.ExecContext(context.WithoutCancel(ctx), query, args...)
}

// QueryContext implements querier.
func (b brief) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return b.querier.QueryContext(context.WithoutCancel(ctx), query, args...)
}
