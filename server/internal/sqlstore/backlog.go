package sqlstore

import (
	"context"
	"fmt"

	"oalab/server/internal/business"
)

// Backlog is what is stored and not done yet.
type Backlog struct {
	// Jobs is the number of rows in the outbox.
	Jobs int `db:"jobs"`
	// Unfinished is the number of orders that are neither done nor failed.
	Unfinished int `db:"unfinished"`
	// Dead is the number of dead letters.
	Dead int `db:"dead"`
}

const selectBacklog = "SELECT (SELECT COUNT(*) FROM outbox) AS jobs, " +
	"(SELECT COUNT(*) FROM orders WHERE settled = 0 AND state NOT IN (?, ?)) AS unfinished, " +
	"(SELECT COUNT(*) FROM dead_letter) AS dead"

// Backlog counts what is not done yet, in one statement.
func (db *DB) Backlog(ctx context.Context) (Backlog, error) {
	var b Backlog
	if err := db.Read.GetContext(ctx, &b, selectBacklog, business.StateDone, business.StateFailed); err != nil {
		return Backlog{}, fmt.Errorf("count the backlog: %w", err)
	}
	return b, nil
}
