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
// lost their job, no order stays behind. It is harmless for an order whose job
// still waits: one that has a row is not stored twice, and of those that only a broker
// has, the claim and the note that an order is told let one through. It runs until
// ctx ends and returns nil then. Planted defects that it would heal keep it from sweeping.
func (s *Service) Sweep(ctx context.Context) error {
	if s.cfg.Defects.SweeperOff() {
		<-ctx.Done()
		return nil
	}
	ticker := time.NewTicker(s.cfg.SweepEvery)
	defer ticker.Stop()
	for {
		if n, err := s.sweepOnce(ctx); err != nil && ctx.Err() == nil {
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

// sweepOnce returns how many orders it brought back.
func (s *Service) sweepOnce(ctx context.Context) (int, error) {
	for swept := 0; ; {
		orders, err := s.store.StaleOrders(ctx, s.cfg.SweepAfter, sweepBatch)
		if err != nil {
			return swept, fmt.Errorf("find stale orders: %w", err)
		}
		if len(orders) == 0 {
			return swept, nil
		}
		serials := make([]string, 0, len(orders))
		jobs := make([]job.Envelope, 0, len(orders))
		for _, o := range orders {
			newJob := orderJob
			if o.State.Finished() {
				newJob = tellJob
			}
			env, err := newJob(Order{Serial: o.Serial}, s.cfg.Now())
			if err != nil {
				return swept, err
			}
			serials, jobs = append(serials, o.Serial), append(jobs, env)
		}
		if err := s.store.RequeueOrders(ctx, serials, jobs); err != nil {
			return swept, fmt.Errorf("requeue %d orders: %w", len(orders), err)
		}
		swept += len(orders)
	}
}
