package business

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oalab/server/carrier"
	"oalab/server/internal/carrierapi"
	"oalab/server/internal/job"
)

// orderJob asks for an order to be brought to its end. It carries what is known of the
// order, so that the worker need not read it: all of an order that was just accepted, the
// serial alone of one that may have changed.
func orderJob(known Order, at time.Time) (job.Envelope, error) {
	return orderType(Places{}).New(known.Serial, known, at)
}

// NextJob asks for what has still to be done for an order that is unfinished or untold. It
// carries the serial alone.
func (o Order) NextJob(at time.Time) (job.Envelope, error) {
	if o.State.Finished() {
		return tellJob(Order{Serial: o.Serial}, at)
	}
	return orderJob(Order{Serial: o.Serial}, at)
}

// runOrder makes one attempt to bring an order to its end (BIZ-6). Only the
// holder of the order's lease calls the carrier, and no call outlives the lease.
func (s *Service) runOrder(ctx context.Context, env job.Envelope) error {
	var known Order
	if err := env.Decode(&known); err != nil {
		return err
	}
	if env.Again { // it may have changed since
		known = Order{Serial: known.Serial}
	}
	if s.carrier == nil {
		return job.Retry(errors.New("no carrier is configured"))
	}
	// The deadline of the call is set before the lease is taken: a process that
	// is frozen in between finds it passed, and does not call.
	deadline := time.Now().Add(s.cfg.CarrierTimeout)
	o, err := s.store.ClaimOrder(ctx, known, s.lease())
	switch {
	case errors.Is(err, ErrFinished):
		return s.finishedBefore(ctx, o)
	case errors.Is(err, ErrNoOrder):
		return job.GiveUp(fmt.Errorf("order %s: %w", known.Serial, err))
	case err != nil:
		return job.Retry(fmt.Errorf("claim order %s: %w", known.Serial, err))
	}
	how, able := o.deed()
	switch {
	case !able: // a later version stored it, and its servers know
		return s.release(ctx, o, o.State.unsent(), fmt.Errorf("order %s: this version knows no orders of kind %q", o.Serial, o.Kind))
	case o.State == StateUnknown:
		return s.askOrder(ctx, o, how, deadline)
	}
	return s.sendOrder(ctx, o, how, deadline)
}

func (s *Service) lease() time.Duration { return s.cfg.CarrierTimeout + s.cfg.LeaseMargin }

// askOrder settles an order that may have been applied: it is sent again only
// when the carrier says that it does not know the serial.
func (s *Service) askOrder(ctx context.Context, o Order, how deed, deadline time.Time) error {
	call, cancel := context.WithDeadline(ctx, deadline)
	answer, err := s.carrier.QueryOrder(call, how.called, o.Serial)
	cancel()
	if err != nil {
		return s.release(ctx, o, StateUnknown, fmt.Errorf("ask for order %s: %w", o.Serial, err))
	}
	switch answer.State {
	case carrier.StateApplied:
		return s.finish(ctx, o, StateDone, "")
	case carrier.StateRefused:
		return s.finish(ctx, o, StateFailed, refusalWords(answer.Refusal, ""))
	case carrier.StateUnknown:
		deadline = time.Now().Add(s.cfg.CarrierTimeout)
		if o, err = s.store.ResendOrder(ctx, o, s.lease()); err != nil {
			return job.Retry(fmt.Errorf("send order again: %w", err))
		}
		return s.sendOrder(ctx, o, how, deadline)
	case carrier.StateProcessing:
		return s.release(ctx, o, StateUnknown, fmt.Errorf("order %s is being processed at the carrier", o.Serial))
	}
	return s.release(ctx, o, StateUnknown, fmt.Errorf("order %s: the carrier answers the state %q", o.Serial, answer.State))
}

// sendOrder calls the carrier for an order whose state sent is stored already.
func (s *Service) sendOrder(ctx context.Context, o Order, how deed, deadline time.Time) error {
	call, cancel := context.WithDeadline(ctx, deadline)
	err := how.send(call, s.carrier, o)
	cancel()
	var refused *carrier.RefusedError
	switch {
	case err == nil:
		return s.finish(ctx, o, StateDone, "")
	case errors.As(err, &refused) && refused.Final():
		return s.finish(ctx, o, StateFailed, refusalWords(refused.Code, refused.Desc))
	case errors.As(err, &refused) && refused.Code != carrier.CodeInProgress, carrierapi.NotSent(err):
		return s.release(ctx, o, StateQueued, err) // nothing has happened
	}
	return s.release(ctx, o, StateUnknown, err)
}

// release gives the order back and asks for another attempt. That the store did
// not take it is no harm: the lease ends by itself, and the order is then found
// as sent, which counts as unknown.
func (s *Service) release(ctx context.Context, o Order, to State, cause error) error {
	ctx, cancel := s.afterCall(ctx)
	defer cancel()
	if err := s.store.ReleaseOrder(ctx, o, to, cause.Error()); err != nil {
		cause = errors.Join(cause, fmt.Errorf("release order %s: %w", o.Serial, err))
	}
	return job.Retry(cause)
}

// finish stores the end of the order and sees to it that it is told: by a job that is
// stored with it, or that a broker has confirmed before the order's own job ends.
func (s *Service) finish(ctx context.Context, o Order, to State, reason string) error {
	if to == StateDone {
		s.changed(ctx, o.Phone)
	}
	known := Order{Serial: o.Serial} // one that failed is read: the store bounds its reason
	if to == StateDone {
		known = o
		known.State, known.Reason, known.Version = to, "", o.Version+1
	}
	env, err := tellJob(known, s.cfg.Now())
	if err != nil {
		return job.GiveUp(err)
	}
	stored := []job.Envelope{env}
	if s.cfg.Tells != nil {
		stored = nil
	}
	after, cancel := s.afterCall(ctx)
	defer cancel()
	if err := s.store.FinishOrder(after, o, to, reason, stored...); err != nil {
		return job.Retry(fmt.Errorf("finish order %s as %s: %w", o.Serial, to, err))
	}
	if s.cfg.Tells != nil {
		return s.handOver(ctx, o.Serial, env)
	}
	return nil
}

// finishedBefore ends the job of an order that has come to its end. The worker that finished it
// may have died before a broker had the job that tells it.
func (s *Service) finishedBefore(ctx context.Context, o Order) error {
	if s.cfg.Tells == nil || o.Told != "" {
		return nil
	}
	env, err := tellJob(Order{Serial: o.Serial}, s.cfg.Now())
	if err != nil {
		return job.GiveUp(err)
	}
	return s.handOver(ctx, o.Serial, env)
}

// handOver gives the job that tells a finished order to the broker. While that is away
// the job waits in the outbox.
func (s *Service) handOver(ctx context.Context, serial string, tell job.Envelope) error {
	publish, cancel := s.afterCall(ctx)
	err := s.cfg.Tells.Publish(publish, tell)
	cancel()
	if err == nil {
		return nil
	}
	tell.Again = true // the broker may have it, though it did not say so
	store, cancel := s.afterCall(ctx)
	defer cancel()
	if kept := s.store.RequeueOrders(store, []string{serial}, []job.Envelope{tell}); kept != nil {
		return job.Retry(fmt.Errorf("hand over %s: %w", tell.Key, errors.Join(err, kept)))
	}
	return nil
}

// afterCall is the context of what must be stored after a call to the carrier:
// a stop of the process does not cut it short.
func (s *Service) afterCall(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), s.cfg.LeaseMargin)
}
