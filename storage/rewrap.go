package storage

import (
	"context"
	"fmt"
)

// sealedColumns is everything that is sealed, each in a table whose key is "id". A test looks for columns that
// are missing here.
var sealedColumns = []struct{ table, column string }{
	{"sealing_check", "sealed"},
	{"signing_keys", "pkcs8"},
	{"authenticators", "secret"},
	{"clients", "pairwise_salt"},
	{"audit_links", "seal"},
	{"letters", "content"},
}

// rewrapBatch bounds how many values are sealed anew in one transaction, so that logins get their turn.
const rewrapBatch = 100

// Rewrapped is what a change of the sealing key has come to.
type Rewrapped struct {
	Sealed     int // values that were sealed with another key of the ring, and are with the first one now
	Unreadable int // values that no key of the ring opens; they are left alone
}

// Rewrap seals everything with the first key of the ring, so that the others can go. Others may read and write
// meanwhile: who has both keys opens either. What they seal with an old key after it has passed is for the next
// run, so let all of them have the new key in front first.
func (db *DB) Rewrap(ctx context.Context) (done Rewrapped, err error) {
	for _, c := range sealedColumns {
		for after, n := "", rewrapBatch; n == rewrapBatch; {
			var batch Rewrapped
			err := db.Write(ctx, func(tx *Tx) (err error) {
				batch, after, n, err = tx.rewrap(ctx, c.table, c.column, after)
				return err
			})
			if err != nil {
				return done, err
			}
			done.Sealed += batch.Sealed
			done.Unreadable += batch.Unreadable
		}
	}
	return done, nil
}

// sealedValue is one value as it is kept.
type sealedValue struct {
	id    string
	value []byte
}

// rewrap looks at the values after an id, and returns the last one it has seen and how many there were.
func (tx *Tx) rewrap(ctx context.Context, table, column, after string) (done Rewrapped, last string, n int, err error) {
	find := fmt.Sprintf("SELECT id, %s FROM %s WHERE id > $1 AND %[1]s IS NOT NULL ORDER BY id LIMIT %[3]d", column, table, rewrapBatch)
	update := fmt.Sprintf("UPDATE %s SET %s = $2 WHERE id = $1", table, column)
	all, err := rows(ctx, tx.Queries, func(v *sealedValue) []any { return []any{&v.id, &v.value} }, find, after)
	if err != nil {
		return done, after, 0, err
	}
	last = after
	for _, v := range all {
		last = v.id
		if tx.seal.isCurrent(v.value) {
			continue
		}
		place := table + "|" + column + "|" + v.id
		plain, err := tx.seal.open(place, v.value)
		if err != nil {
			done.Unreadable++
			continue
		}
		if _, err := tx.exec(ctx, update, v.id, tx.seal.seal(place, plain)); err != nil {
			return done, last, 0, err
		}
		done.Sealed++
	}
	return done, last, len(all), nil
}
