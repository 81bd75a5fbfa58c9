package userlog

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// replay brings what is spooled into the database until ctx ends. Its attempts are
// what finds a database that has come back.
func (l *Log) replay(ctx context.Context) {
	pause := l.cfg.RetryBase
	for {
		rows, more, err := l.replayOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		wake := l.wake
		var again <-chan time.Time
		switch {
		case err != nil:
			l.away.Store(true)
			l.log.Warn("messages wait in the spool of the user log", "error", err, "bytes", l.spool.bytes.Load())
			again, wake = time.After(pause), nil
			pause = min(2*pause, l.cfg.RetryMax)
		case more || l.away.Load():
			again, wake = time.After(l.cfg.RetryBase), nil
		default:
			pause = l.cfg.RetryBase
		}
		if rows > 0 {
			l.log.Info("messages of the spool are in the database", "messages", rows)
		}
		select {
		case <-ctx.Done():
			return
		case <-again:
			if err == nil {
				l.away.Store(false) // with nothing to try it with, the next message tries it
			}
		case <-wake:
		}
	}
}

func (l *Log) wakeReplay() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// replayOnce replays the segments there are. more: one is still being synced.
func (l *Log) replayOnce(ctx context.Context) (rows int, more bool, err error) {
	for {
		seg := l.spool.oldest()
		if seg == nil {
			return rows, l.spool.bytes.Load() > 0, nil
		}
		n, err := l.replaySegment(ctx, seg)
		rows += n
		if err != nil {
			return rows, true, err
		}
	}
}

// replaySegment stores the messages of a segment and removes it. A second replay
// of the same rows changes nothing.
func (l *Log) replaySegment(ctx context.Context, seg *segment) (rows int, err error) {
	batch := make([]Message, 0, l.cfg.Batch)
	store := func() error {
		if len(batch) == 0 {
			return nil
		}
		refused, err := l.append(ctx, batch)
		if err != nil {
			return err
		}
		l.away.Store(false)
		rows += len(batch) - len(refused)
		l.metrics.replayed.Add(float64(len(batch) - len(refused)))
		batch = batch[:0]
		return nil
	}
	bad, err := l.spool.read(seg, func(m Message) error {
		batch = append(batch, m)
		if len(batch) < l.cfg.Batch {
			return nil
		}
		return store()
	})
	if err := errors.Join(err, store()); err != nil {
		return rows, err
	}
	if bad > 0 {
		// A torn end is what a kill leaves of a message that was not answered.
		l.metrics.torn.Add(float64(bad))
		l.log.Warn("lines of the spool are torn or changed, and passed over", "file", seg.path, "lines", bad)
	}
	return rows, l.spool.remove(seg)
}

// losses logs what is lost, once a second at most.
type losses struct {
	mu    sync.Mutex
	last  time.Time
	since int
}

// lost counts a message whose row is not safe. The follower is answered all the same.
func (l *Log) lost(reason string, m Message, err error) {
	l.metrics.lost.WithLabelValues(reason).Inc()
	l.losses.mu.Lock()
	l.losses.since++
	n := l.losses.since
	due := time.Since(l.losses.last) >= time.Second
	if due {
		l.losses.last, l.losses.since = time.Now(), 0
	}
	l.losses.mu.Unlock()
	if due {
		l.log.LogAttrs(context.Background(), slog.LevelError, "messages are missing in the user log",
			slog.Int("messages", n), slog.String("reason", reason), slog.String("account", m.Account),
			slog.String("message", m.Key), slog.Any("error", err))
	}
}
