// Package retention owns when old rows leave the tables of the group core, and counts them.
// What is old and closed is the store's word.
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

// ErrElsewhere says that another server is at it.
var ErrElsewhere = errors.New("another server does the retention")

// Config says what is removed.
type Config struct {
	// Remove removes what is old, a batch after the other, and tells of each. It returns
	// ErrElsewhere when another server is at it.
	Remove func(ctx context.Context, removed func(table string, rows int)) error
	// Tables are the names that Remove may tell.
	Tables []string
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
		k.removed.WithLabelValues(table)
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
	err := k.cfg.Remove(ctx, func(table string, rows int) {
		k.removed.WithLabelValues(table).Add(float64(rows))
		total += rows
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
