package business

import (
	"context"
	"fmt"
	"time"

	"oalab/server/internal/job"
)

// sweepBatch is how many orders one transaction of the sweeper brings back.
const sweepBatch = 200

// Sweep gives orders a job again that had no progress for SweepAfter: whatever
// lost their job, no order stays behind. An order whose job still waits is left alone: one
// that has a row is not stored twice, and of those that only a broker has the horizon tells.
// It runs until ctx ends and returns nil then.
func (s *Service) Sweep(ctx context.Context) error {
	ticker := time.NewTicker(s.cfg.SweepEvery)
	defer ticker.Stop()
	h := horizon{service: s}
	for {
		if n, err := s.sweepOnce(ctx, &h); err != nil && ctx.Err() == nil {
			s.log.Warn("sweep of orders failed", "error", err)
		} else if n > 0 {
			s.log.Info("orders without progress were given a job again", "orders", n)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// sweepOnce returns how many jobs it stored.
func (s *Service) sweepOnce(ctx context.Context, h *horizon) (int, error) {
	at, err := h.look(ctx)
	if err != nil || at.IsZero() {
		return 0, err
	}
	// A job that waits for its next attempt at the broker is seen by no server.
	before := at.Add(-s.cfg.SweepAfter - s.cfg.RetryMax)
	for swept := 0; ; {
		orders, err := s.store.StaleOrders(ctx, before, sweepBatch)
		if err != nil {
			return swept, fmt.Errorf("find stale orders: %w", err)
		}
		if len(orders) == 0 {
			return swept, nil
		}
		serials := make([]string, 0, len(orders))
		jobs := make([]job.Envelope, 0, len(orders))
		for _, o := range orders {
			env, err := o.NextJob(s.cfg.Now())
			if err != nil {
				return swept, err
			}
			serials, jobs = append(serials, o.Serial), append(jobs, env)
		}
		n, err := s.store.SweepOrders(ctx, before, serials, jobs)
		s.swept.Add(float64(n))
		swept += n
		if err != nil {
			return swept, fmt.Errorf("requeue %d orders: %w", len(orders), err)
		}
	}
}
