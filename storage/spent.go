package storage

import (
	"context"

	"github.com/vestibule-id/vestibule/identity"
)

var spent = table[identity.SpentStatement]{"spent_statements", func(_ *sealer, s *identity.SpentStatement) []column {
	return []column{{"hash", &s.Hash}, {"expires_at", moment{&s.ExpiresAt}}}
}}

// spend loses against whoever was first, whichever replica that was.
var spend = spent.inserting() + " ON CONFLICT (hash) DO NOTHING"

// Spend remembers a statement, once; [ErrExists] if it had been spent before.
func (tx *Tx) Spend(ctx context.Context, s identity.SpentStatement) error {
	return spentOnce(tx.exec(ctx, spend, spent.args(tx.seal, &s)...))
}

// Spend does so by itself: nothing else is written with it, and one statement is a transaction.
func (db *DB) Spend(ctx context.Context, s identity.SpentStatement) error {
	conn, err := db.writer(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	n, err := Queries{q: conn, seal: db.seal}.exec(ctx, spend, spent.args(db.seal, &s)...)
	db.reconnected(err)
	return spentOnce(n, err)
}

func spentOnce(n int64, err error) error {
	if err == nil && n == 0 {
		err = ErrExists
	}
	return err
}
