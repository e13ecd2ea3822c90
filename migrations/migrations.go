package migrations

import "embed"

// Postgres holds the steps for PostgreSQL, in the folder "postgres".
//
//go:embed postgres/*.sql
var Postgres embed.FS

// SQLite holds the steps for SQLite, in the folder "sqlite".
//
//go:embed sqlite/*.sql
var SQLite embed.FS
