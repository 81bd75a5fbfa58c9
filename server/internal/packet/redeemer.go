package packet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/telemetry"
)

// Redeeming keeps what is on its way to phones. Its methods are safe for concurrent use, by several
// processes too.
type Redeeming interface {
	// Redeeming are redemptions under way that are to be looked at, the longest due first.
	Redeeming(ctx context.Context, limit int) ([]Redemption, error)
	// Settle ends a redemption: the units are redeemed, or back in the balance where the order was
	// refused. Of all calls one is the first; the others change nothing.
	Settle(ctx context.Context, r Redemption, done bool) (first bool, err error)
	// Later lets a redemption be looked at again after a pause, by the database's clock.
	Later(ctx context.Context, r Redemption, pause time.Duration) error
}

// OrderEnd is how far the order of a redemption has come.
type OrderEnd int

// How far it has come.
const (
	OrderUnderWay OrderEnd = iota
	OrderDone
	OrderRefused // nothing was and will be redeemed
)

// Orders orders data for phones.
type Orders interface {
	// Redeem orders a redemption once, however often it is called, and says how far the order has come.
	Redeem(ctx context.Context, r Redemption) (OrderEnd, error)
}

const (
	// redeemAtOnce is how many redemptions are looked at in one batch.
	redeemAtOnce = 100
	// redeemPause is how long an order is left alone between two looks.
	redeemPause = 2 * time.Second
	// redeemRest is the same after an error, such as a follower who has no number bound any more.
	redeemRest = time.Minute
)

// Redeemer orders what is on its way to phones, and settles the books when an order has ended. Any
// number of them may run at once.
type Redeemer struct {
	every    time.Duration
	kept     Redeeming
	orders   Orders
	log      *slog.Logger
	settled  *prometheus.CounterVec
	warnings *telemetry.Recur
}

// NewRedeemer makes a Redeemer and registers its metric with reg, which may be nil.
func NewRedeemer(every time.Duration, kept Redeeming, orders Orders, log *slog.Logger, reg prometheus.Registerer) (*Redeemer, error) {
	if every <= 0 {
		return nil, errors.New("the redeeming lacks the time between two looks")
	}
	r := &Redeemer{every: every, kept: kept, orders: orders, log: log, warnings: telemetry.NewRecur(telemetry.WarnEvery), settled: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "oalab_packet_redeemed_units_total", Help: "Data that left the way to phones in MB, by its end: done, refused.",
	}, []string{"end"})}
	for _, end := range []string{"done", "refused"} {
		r.settled.WithLabelValues(end)
	}
	if reg != nil {
		if err := reg.Register(r.settled); err != nil {
			return nil, fmt.Errorf("register the metric of redeemed data: %w", err)
		}
	}
	return r, nil
}

// Run looks at redemptions now and then, until ctx ends.
func (r *Redeemer) Run(ctx context.Context) error {
	tick := time.NewTicker(r.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		r.look(ctx)
	}
}

// look works at all that is due. What fails rests, so that it holds nothing else up.
func (r *Redeemer) look(ctx context.Context) {
	for {
		due, err := r.kept.Redeeming(ctx, redeemAtOnce)
		if err != nil {
			r.warn(ctx, err)
			return
		}
		for _, one := range due {
			if err := r.work(ctx, one); err != nil {
				r.warn(ctx, err)
				if err := r.kept.Later(ctx, one, redeemRest); err != nil {
					return
				}
			}
		}
		if len(due) < redeemAtOnce || ctx.Err() != nil {
			return
		}
	}
}

func (r *Redeemer) work(ctx context.Context, one Redemption) error {
	end, err := r.orders.Redeem(ctx, one)
	if err != nil {
		return err
	}
	if end == OrderUnderWay {
		return r.kept.Later(ctx, one, redeemPause)
	}
	first, err := r.kept.Settle(ctx, one, end == OrderDone)
	if err == nil && first {
		label := "refused"
		if end == OrderDone {
			label = "done"
		}
		r.settled.WithLabelValues(label).Add(float64(one.Units))
	}
	return err
}

func (r *Redeemer) warn(ctx context.Context, cause error) {
	if ctx.Err() != nil {
		return
	}
	if times, tell := r.warnings.Tell("redeem", time.Now()); tell {
		r.log.WarnContext(ctx, "data on its way to phones waits; it is tried again", "times", times, "error", cause)
	}
}
