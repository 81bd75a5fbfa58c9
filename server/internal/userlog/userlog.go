// Package userlog owns the log of what followers send and how it was answered
// (LOG-1): that a row is safe before its message is answered, without an INSERT for
// each, and that neither the database nor the disk keeps an answer waiting.
package userlog

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/gather"
)

// Config of a Log; zero values take the defaults.
type Config struct {
	// Dir is the folder of the spool; it is made when it is missing, and may be
	// shared by processes of one machine. It must not be empty.
	Dir string
	// Batch is how many rows one statement stores at most; 0 means 256.
	Batch int
	// Wait is how long a message waits at most until its row is safe; 0 means 0.3 s.
	// StoreWait is the part of it that the database has before the spool gets the
	// row; 0 means two thirds.
	Wait, StoreWait time.Duration
	// StoreTimeout bounds one statement, after which the database counts as away; 0
	// means 2 s.
	StoreTimeout time.Duration
	// SpoolLimit bounds the files of the spool in bytes; 0 means 256 MiB.
	SpoolLimit int64
	// RetryBase and RetryMax are the pauses between attempts to reach a database that
	// is away; 0 means 0.1 s and 2 s.
	RetryBase, RetryMax time.Duration
	// MaintainEvery is the rhythm of the maintenance; 0 means an hour. Months is how
	// many full months are kept beside the current one; 0 means 6.
	MaintainEvery time.Duration
	Months        int
}

// Log keeps messages. It is safe for concurrent use.
type Log struct {
	cfg     Config
	store   Store
	spool   *spool
	metrics *metrics
	log     *slog.Logger

	batches *gather.Gatherer[Message]
	// running: between the beginning and the end of Run. away: the database did not take what it
	// was given last; rows go to the spool without asking it, until it has taken some
	// of them from there.
	running, away atomic.Bool
	wake          chan struct{} // holds one: there is something to replay
	losses        losses
	late          sync.WaitGroup // syncs that messages no longer wait for
}

// New makes a Log over a store that may be away, takes over what dead processes
// left in the spool, and registers its metrics with reg, which may be nil. Run does
// the work; before it and after it rows go to the spool.
func New(cfg Config, store Store, log *slog.Logger, reg prometheus.Registerer) (*Log, error) {
	if cfg.Dir == "" {
		return nil, errors.New("user log: no folder for the spool")
	}
	setDefault(&cfg.Batch, 256)
	setDefault(&cfg.Wait, 300*time.Millisecond)
	setDefault(&cfg.StoreWait, cfg.Wait*2/3)
	setDefault(&cfg.StoreTimeout, 2*time.Second)
	setDefault(&cfg.SpoolLimit, 256<<20)
	setDefault(&cfg.RetryBase, 100*time.Millisecond)
	setDefault(&cfg.RetryMax, 2*time.Second)
	setDefault(&cfg.MaintainEvery, time.Hour)
	setDefault(&cfg.Months, 6)
	spool, err := openSpool(cfg.Dir, cfg.SpoolLimit)
	if err != nil {
		return nil, err
	}
	l := &Log{cfg: cfg, store: store, spool: spool, log: log, wake: make(chan struct{}, 1)}
	l.batches = gather.New(gather.Config{Batch: cfg.Batch, Wait: cfg.StoreWait}, l.storeBatch)
	if l.metrics, err = newMetrics(reg, spool); err != nil {
		spool.close()
		return nil, err
	}
	return l, nil
}

func setDefault[T int | int64 | time.Duration](v *T, otherwise T) {
	if *v <= 0 {
		*v = otherwise
	}
}

// Run stores what is written, replays the spool and maintains the tables until ctx
// ends; what waits then is stored before it returns nil.
func (l *Log) Run(ctx context.Context) error {
	l.running.Store(true)
	var others sync.WaitGroup
	others.Go(func() { l.replay(ctx) })
	others.Go(func() { l.maintain(ctx) })
	<-ctx.Done()
	l.running.Store(false)
	l.batches.Close()
	others.Wait()
	return nil
}

// Close gives the spool's files free. It comes after Run and the last Write.
func (l *Log) Close() {
	l.spool.close()
	l.late.Wait()
}

// maintain keeps the tables in shape.
func (l *Log) maintain(ctx context.Context) {
	for {
		pause := l.cfg.MaintainEvery
		if err := l.Maintain(ctx); err != nil && ctx.Err() == nil {
			l.log.Warn("the user log was not maintained; it is tried again", "error", err)
			pause = min(pause, time.Minute)
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// Maintain makes the tables and the room for the months to come, drops the months
// that are no longer kept, and takes over the spool of processes that have died.
func (l *Log) Maintain(ctx context.Context) error {
	err := errors.Join(l.store.Maintain(ctx, l.cfg.Months), l.spool.adopt())
	l.wakeReplay()
	return err
}
