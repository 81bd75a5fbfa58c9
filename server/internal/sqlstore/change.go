package sqlstore

import (
	"context"
	"crypto/rand"
	"fmt"

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
	var rows []struct {
		Topic      freshness.Topic `db:"topic"`
		Generation string          `db:"generation"`
	}
	if err := db.read.SelectContext(ctx, &rows, selectGenerations); err != nil {
		return nil, fmt.Errorf("read the generations of the data: %w", err)
	}
	all := make(map[freshness.Topic]string, len(rows))
	for _, r := range rows {
		all[r.Topic] = r.Generation
	}
	return all, nil
}

// changed belongs into every transaction that changes data of a topic.
func changed(ctx context.Context, tx *sqlx.Tx, topic freshness.Topic) error {
	if _, err := tx.ExecContext(ctx, updateGeneration, rand.Text(), topic); err != nil {
		return fmt.Errorf("note that %s changed: %w", topic, err)
	}
	return nil
}
