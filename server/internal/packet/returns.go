package packet

import (
	"context"
	"time"
)

// dueAtOnce is how many packets are looked for at a time.
const dueAtOnce = 100

// Run returns packets whose time has passed, now and then, until ctx ends (CAM-4). Any number
// of servers may do so at once.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Duration(s.cfg.ReturnEvery))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		s.returnDue(ctx)
	}
}

// returnDue returns what is due. A packet that fails keeps none of the others of its batch
// back; all of them have their turn at the next look.
func (s *Service) returnDue(ctx context.Context) {
	for {
		due, err := s.store.Due(ctx, dueAtOnce)
		if err != nil {
			s.warnReturn(ctx, err)
			return
		}
		failed := false
		for _, id := range due {
			r, err := s.store.Return(ctx, id)
			if err != nil {
				s.warnReturn(ctx, err)
				failed = true
				continue
			}
			if r.First {
				s.metrics.returned.WithLabelValues("packets").Inc()
				s.metrics.returned.WithLabelValues("shares").Add(float64(r.Shares))
				s.metrics.returned.WithLabelValues("units").Add(float64(r.Units))
			}
		}
		if failed || len(due) < dueAtOnce || ctx.Err() != nil {
			return
		}
	}
}

func (s *Service) warnReturn(ctx context.Context, cause error) {
	if ctx.Err() != nil {
		return
	}
	if times, tell := s.metrics.warnings.Tell("return", time.Now()); tell {
		s.log.WarnContext(ctx, "packets whose time has passed could not be returned; the next look tries again", "times", times, "error", cause)
	}
}
