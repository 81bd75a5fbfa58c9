package account

import (
	"math"
	"slices"

	"oalab/scenarios/history"
)

// Pooled is what there is to judge the pools by.
type Pooled struct {
	Scaling  history.Scaling
	Pools    []Pool
	Holdings []Holding
	Machine  Machine
	EndS     float64 // of the load
}

// PooledOf is that of an arm whose record says how the pools are sized.
func PooledOf(a *history.Arm) Pooled {
	return Pooled{
		Scaling: *a.Record.Scaling, Pools: Pools(a.Samples),
		Holdings: Holdings(a.Samples, history.ProbeAddress), Machine: MachineOf(a), EndS: a.Record.Load.DurationS,
	}
}

// Holder is the load balancer that has the address alone at a moment, and whether
// there is one that was looked at.
func (p Pooled) Holder(s float64) (Pool, bool) {
	var have []string
	for _, h := range p.Holdings {
		if h.At(s) == 1 {
			have = append(have, h.Host)
		}
	}
	if len(have) != 1 {
		return Pool{}, false
	}
	i := slices.IndexFunc(p.Pools, func(x Pool) bool { return x.Host == have[0] })
	if i < 0 {
		return Pool{}, false
	}
	return p.Pools[i], true
}

// Rate is the larger rate of all load balancers over an interval of the scaler before a
// moment; whole is false when that of one of them is not known.
func (p Pooled) Rate(s float64) (perS float64, whole bool) {
	whole = true
	for _, x := range p.Pools {
		i := x.LastLook(s)
		r := math.NaN()
		if i >= 0 && s-x.Looks[i].AtS <= p.Scaling.EveryS+1 {
			r = x.RateOver(i, p.Scaling.EveryS)
		}
		if math.IsNaN(r) {
			whole = false
			continue
		}
		perS = max(perS, r)
	}
	return perS, whole
}
