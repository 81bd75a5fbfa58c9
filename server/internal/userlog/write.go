package userlog

import (
	"context"
	"errors"
	"time"

	"oalab/server/internal/message"
)

// Write returns once the message is committed to the database, or synced to the
// spool, or after Config.Wait: then it is late, and may be lost, which is counted and
// logged. The caller answers in any case, so there is no error. ctx is the caller's
// patience with the database; the spool gets the message also after its end.
func (l *Log) Write(ctx context.Context, e message.Entry) {
	started := time.Now()
	m := row(e).fit()
	if l.running.Load() && !l.away.Load() && l.stored(ctx, m) {
		return
	}
	l.toSpool(m, started)
}

// First returns when the try of a message came that was logged, and false when none was.
// What waits in a spool is not found.
func (l *Log) First(ctx context.Context, account, key string, sent time.Time) (time.Time, bool, error) {
	at, found, err := l.store.First(ctx, clip(account, maxName), fitKey(key), sent.Unix())
	return time.UnixMilli(at), found, err
}

// stored reports whether nothing is left to do for the message.
func (l *Log) stored(ctx context.Context, m Message) bool {
	// A statement may be at it still when time is over: stored twice is stored once.
	err := l.batches.Do(ctx, m)
	return err == nil || errors.Is(err, ErrRefused)
}

// toSpool waits for the sync of the message's line, as long as there is time.
func (l *Log) toSpool(m Message, started time.Time) {
	line, err := appendLine(nil, m)
	if err != nil {
		l.lost(lossSpool, m, err)
		return
	}
	f := l.spool.add(line)
	timer := time.NewTimer(l.cfg.Wait - time.Since(started))
	defer timer.Stop()
	select {
	case <-f.done:
		l.synced(m, f)
	case <-timer.C:
		// The follower is answered now, before it is known how this ends.
		l.metrics.late.Inc()
		l.late.Go(func() {
			<-f.done
			l.synced(m, f)
		})
	}
}

// synced counts what became of a line.
func (l *Log) synced(m Message, f *flush) {
	if f.err != nil {
		l.lost(lossSpool, m, f.err)
		return
	}
	l.metrics.spooled.Inc()
	l.wakeReplay()
}

// storeBatch stores a batch and returns the error of each row.
func (l *Log) storeBatch(ctx context.Context, rows []Message) []error {
	refused, err := l.append(ctx, rows)
	l.away.Store(err != nil)
	if err != nil {
		l.wakeReplay()
	} else {
		l.metrics.stored.Add(float64(len(rows) - len(refused)))
	}
	if err == nil && refused == nil {
		return nil
	}
	errs := make([]error, len(rows))
	for i := range rows {
		errs[i] = err
		if refused[i] != nil {
			errs[i] = refused[i]
		}
	}
	return errs
}

// append stores rows in one statement. When the database refuses them for what one
// of them holds, halves are tried, so that the others are stored: refused names
// those that were not, by their place. After another error any of the rest may be
// stored.
func (l *Log) append(ctx context.Context, rows []Message) (refused map[int]error, err error) {
	err = l.halves(ctx, rows, 0, &refused)
	return refused, err
}

func (l *Log) halves(ctx context.Context, rows []Message, first int, refused *map[int]error) error {
	limited, cancel := context.WithTimeout(ctx, l.cfg.StoreTimeout)
	err := l.store.AppendMessages(limited, rows)
	cancel()
	switch {
	case err == nil:
		l.metrics.batch.Observe(float64(len(rows)))
		return nil
	case !errors.Is(err, ErrRefused):
		return err
	case len(rows) == 1:
		if *refused == nil {
			*refused = make(map[int]error)
		}
		(*refused)[first] = err
		l.lost(lossRefused, rows[0], err)
		return nil
	}
	half := len(rows) / 2
	if err := l.halves(ctx, rows[:half], first, refused); err != nil {
		return err
	}
	return l.halves(ctx, rows[half:], first+half, refused)
}
