// Package storage keeps the records of package identity in PostgreSQL or SQLite, from one SQL text.
//
// The recommended path:
//
//	db, err := storage.Open(ctx, storage.Config{URL: "sqlite:vestibule.db", Keys: ring})
//	err = db.Migrate(ctx)
//	user, err := db.User(ctx, id)                       // reads, on any connection
//	err = db.Write(ctx, func(tx *storage.Tx) error {    // everything that changes
//	        …
//	})
//
// [Queries] holds every statement and is embedded in [DB] and [Tx]; there is one file per table.
// [DB.Write] is serializable with retry on PostgreSQL and immediate on SQLite, so that reading,
// changing and writing a record means the same on both. What may happen only once – using a code, a
// link, a step of an authenticator – is one conditional UPDATE that returns the row; no row is
// [ErrNotFound].
//
// The dialect is what both engines speak: $1 placeholders, RETURNING, ON CONFLICT … DO UPDATE.
// Time is always a parameter, and NULL is the zero time. Lists are JSON in TEXT. What must be read
// back but not by a thief of the database (TOTP secrets, signing keys, letters that wait) is sealed
// with a key from outside; see [KeyRing].
package storage
