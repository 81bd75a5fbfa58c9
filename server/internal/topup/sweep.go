package topup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oalab/server/internal/payapi"
)

// dueAtOnce is how many top-ups are looked for at a time.
const dueAtOnce = 100

// stepTime bounds one step of a top-up.
const stepTime = 10 * time.Second

// Sweep does the steps of top-ups that are due, until ctx ends: it asks Pay for payments that were
// not told, gives paid ones to the orders, asks for the end of orders, and refunds. Any number of
// servers may do so at once.
func (s *Service) Sweep(ctx context.Context) error {
	tick := time.NewTicker(time.Duration(s.cfg.SweepEvery))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		s.sweepOnce(ctx)
	}
}

// sweepOnce does what is due. A step that fails keeps no other back; its next try is later each
// time.
func (s *Service) sweepOnce(ctx context.Context) {
	due, err := s.store.Due(ctx, dueAtOnce)
	if err != nil {
		s.warn(ctx, "sweep", err)
		return
	}
	for _, t := range due {
		if ctx.Err() != nil {
			return
		}
		mine, err := s.store.Claim(ctx, t, s.pause(t))
		if err == nil && mine {
			err = s.step(ctx, t)
		}
		if err != nil {
			s.warn(ctx, "step "+string(t.State), fmt.Errorf("top-up %s: %w", t.Serial, err))
		}
	}
}

// pause is how long the next step waits when this one fails.
func (s *Service) pause(t TopUp) time.Duration {
	return min(max(time.Duration(s.cfg.AskAfter)<<min(t.Tries+1, 16), time.Second), maxPause)
}

// step does the next step of a top-up.
func (s *Service) step(ctx context.Context, t TopUp) error {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	s.metrics.steps.WithLabelValues(string(t.State)).Inc()
	switch t.State {
	case StateCreated:
		return s.doubt(ctx, t)
	case StatePaid:
		return s.forward(ctx, t)
	case StateSent:
		return s.ending(ctx, t)
	case StateRefunding:
		err := s.refund(ctx, t)
		if errors.Is(err, ErrRepeated) {
			return nil // its notification was faster
		}
		return err
	case StateClosed, StateDone, StateRefunded:
	}
	return fmt.Errorf("nothing is to be done about a top-up that is %s", t.State)
}

// doubt asks Pay for a payment that was not told. One that was not made in time is closed.
func (s *Service) doubt(ctx context.Context, t TopUp) error {
	p, err := s.pay.Query(ctx, t.Account, t.Serial)
	over := time.Now().After(t.Expires)
	switch {
	case errors.Is(err, payapi.ErrNoPayment) && over:
		return s.store.Close(ctx, t.Serial)
	case errors.Is(err, payapi.ErrNoPayment):
		return nil
	case err != nil:
		return err
	case p.Made():
		err := s.booked(ctx, t.Account, p)
		if err == nil || errors.Is(err, ErrRepeated) {
			s.metrics.notices.WithLabelValues(noticeAsked).Inc()
			return nil
		}
		return err
	case p.State == payapi.Closed:
		return s.store.Close(ctx, t.Serial)
	case !over:
		return nil
	}
	err = s.pay.CloseOrder(ctx, t.Account, t.Serial)
	if errors.Is(err, payapi.ErrOver) {
		return nil // it was paid meanwhile: the next look finds it
	}
	if err != nil {
		return err
	}
	return s.store.Close(ctx, t.Serial)
}

// noticeAsked counts the payments that were not told and were found by asking.
const noticeAsked = "asked"

// ending asks for the end of the order of a top-up.
func (s *Service) ending(ctx context.Context, t TopUp) error {
	e, err := s.orders.Ending(ctx, t.Serial)
	switch {
	case err != nil:
		return err
	case !e.Known:
		return s.forward(ctx, t)
	case !e.Ended:
		return nil
	}
	return Settle(ctx, s.store, t.Serial, e.Done, e.Reason)
}

// warn tells the log of something that is tried again, now and then.
func (s *Service) warn(ctx context.Context, what string, cause error) {
	if ctx.Err() != nil {
		return
	}
	if times, tell := s.metrics.warnings.Tell(what, time.Now()); tell {
		s.log.WarnContext(ctx, "a step of a top-up failed; it is tried again", "step", what, "times", times, "error", cause)
	}
}
