package sqldb

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/freshness"
)

const (
	selectGenerations = "SELECT topic, generation FROM data_change"
	updateGeneration  = "UPDATE data_change SET generation = ? WHERE topic = ?"
)

// Generations names the state of each topic: every transaction that changes its data
// commits another name with it, which was never used before, in this database or
// another. It is read where changes are written: with a pair of masters both go to the
// one that is the home of the group core, so that no replica's lag is in it.
func (db *DB) Generations(ctx context.Context) (map[freshness.Topic]string, error) {
	return ReadGenerations(ctx, db.Read)
}

// ReadGenerations is Generations within a transaction.
func ReadGenerations(ctx context.Context, q sqlx.QueryerContext) (map[freshness.Topic]string, error) {
	var rows []struct {
		Topic      freshness.Topic `db:"topic"`
		Generation string          `db:"generation"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, selectGenerations); err != nil {
		return nil, fmt.Errorf("read the generations of the data: %w", err)
	}
	all := make(map[freshness.Topic]string, len(rows))
	for _, r := range rows {
		all[r.Topic] = r.Generation
	}
	return all, nil
}

// Changed belongs into every transaction that changes data of a topic. Where it comes first,
// another one on the topic waits until this one is committed.
func Changed(ctx context.Context, tx *sqlx.Tx, topic freshness.Topic) error {
	if _, err := tx.ExecContext(ctx, updateGeneration, rand.Text(), topic); err != nil {
		return fmt.Errorf("note that %s changed: %w", topic, err)
	}
	return nil
}

// Change makes a change that must meet a row; none is the error when it does not.
func Change(ctx context.Context, tx *sqlx.Tx, none error, query string, args ...any) error {
	res, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		err = none
	}
	return err
}

// maxReason is how much of a reason is stored, in characters.
const maxReason = 500

// Clip bounds a reason, such as the text of an error, to what its column holds.
func Clip(s string) string {
	s = strings.ToValidUTF8(s, "?")
	if r := []rune(s); len(r) > maxReason {
		return string(r[:maxReason])
	}
	return s
}
