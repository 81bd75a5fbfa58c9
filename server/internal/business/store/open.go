package businessstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/business"
	"oalab/server/internal/job"
	replystore "oalab/server/internal/reply/store"
	"oalab/server/internal/sqldb"
)

// An order is open until it is finished and told.

const (
	selectOpenSerials = "SELECT serial FROM orders WHERE serial IN (?) AND settled = 0"
	selectOpenOf      = "SELECT account, msg_key FROM orders WHERE settled = 0 AND ("
	ofMessage         = "(account = ? AND msg_key = ?)"
	resetRounds       = "UPDATE orders SET rounds = 0 WHERE serial = ? AND settled = 0"
)

// OpenJobs reports which of the jobs are about an open order.
func (s *Store) OpenJobs(ctx context.Context, jobs []job.Envelope) ([]bool, error) {
	var serials []string
	for _, env := range jobs {
		if serial := business.SerialOf(env); serial != "" {
			serials = append(serials, serial)
		}
	}
	is := make([]bool, len(jobs))
	if len(serials) == 0 {
		return is, nil
	}
	query, args, err := sqlx.In(selectOpenSerials, serials)
	if err != nil {
		return nil, fmt.Errorf("find open orders: %w", err)
	}
	var found []string
	if err := s.db.Read.SelectContext(ctx, &found, query, args...); err != nil {
		return nil, fmt.Errorf("find open orders: %w", err)
	}
	open := make(map[string]bool, len(found))
	for _, serial := range found {
		open[serial] = true
	}
	for i, env := range jobs {
		is[i] = open[business.SerialOf(env)]
	}
	return is, nil
}

// OpenMessages returns those of the messages whose order is open. There is at least one.
func (s *Store) OpenMessages(ctx context.Context, of []replystore.Message) (map[replystore.Message]bool, error) {
	args := make([]any, 0, 2*len(of))
	for _, m := range of {
		args = append(args, m.Account, m.Key)
	}
	var found []replystore.Message
	if err := s.db.Read.SelectContext(ctx, &found, selectOpenMessages(len(of)), args...); err != nil {
		return nil, fmt.Errorf("find open orders: %w", err)
	}
	open := make(map[replystore.Message]bool, len(found))
	for _, m := range found {
		open[m] = true
	}
	return open, nil
}

// selectOpenMessages reads which of so many messages have an open order.
func selectOpenMessages(n int) string {
	return selectOpenOf + ofMessage + strings.Repeat(" OR "+ofMessage, n-1) + ")"
}

// Wake prepares the order that a dead letter is about for its retry, in the transaction of
// that. The order keeps its serial and gets all its rounds again. It returns the job of the
// state that the order is in, or the outcome where no job is to be queued: an order that does
// not rest has its job, or gets one from the sweeper. A job about no order is returned as it is.
func (s *Store) Wake(ctx context.Context, tx *sqlx.Tx, env job.Envelope) (next job.Envelope, outcome job.Retried, err error) {
	serial := business.SerialOf(env)
	if serial == "" {
		return env, "", nil
	}
	o, err := readOrder(ctx, tx, selectOrder, serial)
	if errors.Is(err, business.ErrNoOrder) {
		o, err = readOrder(ctx, tx, selectArchived, serial)
	}
	switch {
	case err != nil:
		return env, "", fmt.Errorf("order %s: %w", serial, err)
	case o.Told != "":
		return env, job.RetriedSettled, nil
	}
	err = sqldb.Change(ctx, tx, business.ErrStale, s.wakeOrder(), serial)
	if errors.Is(err, business.ErrStale) {
		_, err = tx.ExecContext(ctx, resetRounds, serial)
		return env, job.RetriedUnderWay, err
	}
	if err != nil {
		return env, "", err
	}
	next, err = o.NextJob(time.Now())
	return next, "", err
}

// wakeOrder ends the rest of an order.
func (s *Store) wakeOrder() string {
	now := s.db.Dialect.Now
	return "UPDATE orders SET rounds = 0, progress_at = " + now + " WHERE serial = ? AND settled = 0 AND progress_at > " + now
}
