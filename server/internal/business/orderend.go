package business

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oalab/server/internal/job"
	"oalab/server/internal/wechatapi"
)

// How long an order is worked at without success. A round is all attempts that the worker
// allows one job. After each round the order rests, twice as long as before, beginning with
// SweepAfter: with the defaults 17 hours pass until the last one. The order is left to
// people then (oaserver dead).
const (
	maxRounds = 12
	// forGood is how long an order rests after its last round.
	forGood = 100 * 365 * 24 * time.Hour
)

// endOrder lets an order rest whose job has failed in all its attempts.
func (s *Service) endOrder(ctx context.Context, env job.Envelope, cause error) error {
	o, err := s.orderOf(ctx, env)
	if err != nil {
		return ended(err, cause)
	}
	if o.State.Finished() {
		return s.finishedBefore(ctx, o)
	}
	return s.rest(ctx, o, cause)
}

// endTell tells by SMS what the platform refuses for a reason that is not known, and lets
// any other order rest that could not be told.
func (s *Service) endTell(ctx context.Context, env job.Envelope, cause error) error {
	o, err := s.orderOf(ctx, env)
	switch {
	case err != nil:
		return ended(err, cause)
	case !o.State.Finished():
		return job.GiveUp(cause)
	case o.Told != "":
		return nil
	}
	if wechatapi.ErrorClass(cause) == wechatapi.ClassUnknown {
		way, err := s.tellBySMS(ctx, o, cause)
		if err == nil {
			return s.told(ctx, o, way)
		}
		cause = err
	}
	return s.rest(ctx, o, cause)
}

// orderOf reads the order that a job is about.
func (s *Service) orderOf(ctx context.Context, env job.Envelope) (Order, error) {
	var known Order
	if err := env.Decode(&known); err != nil {
		return Order{}, err
	}
	return s.store.Order(ctx, known.Serial)
}

// ended buries a job without an order; any other error of the store has to pass first.
func ended(err, cause error) error {
	if job.IsGiveUp(err) || errors.Is(err, ErrNoOrder) {
		return job.GiveUp(cause)
	}
	return job.Retry(err)
}

// rest ends the job of an order; the sweeper gives it another one after the rest. The first
// round and the last one leave a dead letter for people to see.
func (s *Service) rest(ctx context.Context, o Order, cause error) error {
	pause := s.cfg.SweepAfter << min(o.Rounds, maxRounds)
	last := o.Rounds+1 >= maxRounds
	if last {
		pause = forGood
	}
	if err := s.store.RestOrder(ctx, o.Serial, pause); err != nil {
		return job.Retry(fmt.Errorf("let order %s rest: %w", o.Serial, err))
	}
	s.log.Warn("order rests", "serial", o.Serial, "state", o.State, "round", o.Rounds+1, "of", maxRounds, "for", pause, "last", last, "error", cause)
	if last || o.Rounds == 0 {
		return job.GiveUp(cause)
	}
	return nil
}
