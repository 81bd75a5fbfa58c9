// Package series owns what a report draws over time: rates, latencies, error classes
// and availability of one arm, computed from its raw evidence. It is pure, and its
// sums are those of package check (REP-2, REP-3, CHA-5).
package series

import (
	"math"

	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// Arm is all series of one arm.
type Arm struct {
	Name string
	Cut  Cut
	// EndS is where the time axis ends: after the load, the last answer and the drain.
	EndS    float64
	Rates   []Rate
	Latency Latency
	Errors  Errors
	Strips  []Strip
	// Told is how long results of orders took from when the order was due until the
	// platform had them.
	Told     Distribution
	Failover Failover
	Shares   Shares
	Pools    Pools
}

// Of computes the series of an arm.
func Of(a *history.Arm) Arm {
	observed := account.Observe(a)
	end := endOf(a, observed)
	cut := CutFor(end)
	moved := writing(a)
	if !moved.Writes {
		moved = failover(a)
	}
	return Arm{
		Name: a.Name, Cut: cut, EndS: end,
		Rates:   rates(observed, cut),
		Latency: latency(observed, cut),
		Errors:  errorsOf(a, cut),
		Strips:  strips(a, end),
		Told:    told(a, observed),

		Failover: moved, Shares: shares(a, cut), Pools: pools(a),
	}
}

// endOf is the moment of the last event that a plot shows.
func endOf(a *history.Arm, observed []account.Observed) float64 {
	end := max(a.Record.Load.DurationS, a.Record.DrainedS)
	for _, o := range observed {
		if o.Ended {
			end = max(end, o.EndS)
		}
	}
	for _, w := range a.Record.Windows {
		end = max(end, w.ToS, w.HealedS)
	}
	return end
}

// Cut divides the time after base into N intervals of StepS seconds.
type Cut struct {
	StepS float64
	N     int
}

// The finest and the coarsest interval. An outage of a fraction of a second stays
// visible in either; a run longer than an hour is cut into most intervals.
const (
	finest   = 0.25
	coarsest = 1.0
	wanted   = 300
	most     = 3600
)

// CutFor is the cut for a run that ends at end: 250 ms for a short one, up to 1 s
// for a long one, more only above an hour.
func CutFor(end float64) Cut {
	step := finest
	for step < coarsest && end/step > wanted {
		step *= 2
	}
	for end/step > most {
		step *= 2
	}
	return Cut{StepS: step, N: max(1, int(math.Ceil(end/step-1e-9)))}
}

// at is the interval that holds a moment, and whether any does.
func (c Cut) at(s float64) (int, bool) {
	i := int(math.Floor(s / c.StepS))
	if i == c.N && s <= float64(c.N)*c.StepS+1e-9 {
		i-- // the very end belongs to the last
	}
	return i, i >= 0 && i < c.N
}

// From is where the i-th interval begins, in seconds after base.
func (c Cut) From(i int) float64 { return float64(i) * c.StepS }

// ours reports whether a try belongs to the load of the arm, and not to a message
// that was pushed by hand.
func ours(a *history.Arm, d wl.Delivery) bool { return d.Attack == a.Name }

// told is how long the result of an acknowledged order took from when the order was
// due until it was handed to the platform for the first time.
func told(a *history.Arm, observed []account.Observed) Distribution {
	due := map[string]float64{}
	for _, o := range observed {
		if o.Serial != "" {
			due[o.Serial] = o.DueS
		}
	}
	var took []float64
	for _, c := range a.WeChat {
		if from, waits := due[c.ClientMsgID]; waits && c.Effect == wl.EffectDelivered {
			took = append(took, a.Seconds(c.At)-from)
			delete(due, c.ClientMsgID)
		}
	}
	return Distributed(took...)
}
