// Package retention owns when old rows leave the tables of the group core, and counts them.
// Which rows are old and closed is known to the store of each table.
package retention

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// every is the time between two runs.
	every = 10 * time.Minute
	// first is how long after a start the first one is, so that a start has its time.
	first = time.Minute
)

const (
	// pauseMin is how long the pause after a batch is at least; it is pauseShare times the
	// duration of the batch otherwise, so that a slow database has its time for others. It is
	// never longer than pauseMax: the lock is held meanwhile, and a process that was frozen
	// within a batch took no time of the database.
	pauseMin   = 20 * time.Millisecond
	pauseShare = 9
	pauseMax   = time.Minute
)

// ErrElsewhere says that another server is at it.
var ErrElsewhere = errors.New("another server does the retention")

// Batch removes the next old rows. It tells how many it removed, and whether there may be
// more.
type Batch func(ctx context.Context) (rows int, more bool, err error)

// Table is one that old rows leave.
type Table struct {
	// Name is that of the metric.
	Name string
	// Keep is how long rows are kept that nothing depends on any more.
	Keep time.Duration
	// Old returns what removes rows from before a time of the database.
	Old func(before time.Time) Batch
}

// Config says what is removed.
type Config struct {
	// Alone runs work, with the time of the database, while no other server does. It returns
	// ErrElsewhere when another one is at it.
	Alone func(ctx context.Context, work func(ctx context.Context, now time.Time) error) error
	// Tables are in the order in which they are gone through. A failure in one does not keep
	// the others from it.
	Tables []Table
}

// Keeper removes what is old for as long as it runs.
type Keeper struct {
	cfg     Config
	log     *slog.Logger
	removed *prometheus.CounterVec
}

// New makes a Keeper and registers its metric.
func New(cfg Config, log *slog.Logger, reg prometheus.Registerer) (*Keeper, error) {
	k := &Keeper{cfg: cfg, log: log, removed: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "oalab_retention_removed_total", Help: "Rows that this server removed for their age; orders go to the archive.",
	}, []string{"table"})}
	for _, table := range cfg.Tables {
		k.removed.WithLabelValues(table.Name)
	}
	if err := reg.Register(k.removed); err != nil {
		return nil, fmt.Errorf("register metric of the retention: %w", err)
	}
	return k, nil
}

// Run removes now and then until ctx ends, and returns nil then.
func (k *Keeper) Run(ctx context.Context) error {
	timer := time.NewTimer(first)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		k.once(ctx)
		timer.Reset(every)
	}
}

func (k *Keeper) once(ctx context.Context) {
	total := 0
	err := k.cfg.Alone(ctx, func(ctx context.Context, now time.Time) error {
		var faults []error
		for _, table := range k.cfg.Tables {
			err := inBatches(ctx, table.Old(now.Add(-table.Keep)), func(rows int) {
				k.removed.WithLabelValues(table.Name).Add(float64(rows))
				total += rows
			})
			if err != nil {
				faults = append(faults, fmt.Errorf("retention of %s: %w", table.Name, err))
			}
		}
		return errors.Join(faults...)
	})
	switch {
	case err == nil, ctx.Err() != nil:
	case errors.Is(err, ErrElsewhere):
		k.log.Debug("retention is done elsewhere")
	default:
		k.log.Warn("retention failed; old rows stay until the next run", "error", err, "next", every)
	}
	if total > 0 {
		k.log.Info("old rows were removed", "rows", total)
	}
}

// inBatches runs a batch until there are no more rows, with pauses between. It tells after each
// one how many rows it removed.
func inBatches(ctx context.Context, batch Batch, removed func(rows int)) error {
	for {
		began := time.Now()
		n, more, err := batch(ctx)
		took := time.Since(began) // without removed, which may wait
		if err != nil {
			return err
		}
		if n > 0 {
			removed(n)
		}
		if !more {
			return nil
		}
		pause := time.NewTimer(min(max(pauseMin, pauseShare*took), pauseMax))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		}
	}
}
