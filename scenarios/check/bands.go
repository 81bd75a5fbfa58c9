package check

import (
	"fmt"
	"slices"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// Bands judges that the pool of app servers of the load balancer with the virtual IP
// follows the rate of requests through the bands (DIS-2, SCN-2). Rate and pool are read
// from the Nginx of both load balancers; what a scaler says of itself does not count. The
// checker judges each reading, each change of the pool and each take-over:
//
//   - A pool is too small when the rate has been in a higher band for an interval and the
//     time to react.
//   - A pool is too large when the rate has been below the margin for the hold and the time
//     to react.
//   - A pool shrinks too early when the rate was in its band shortly before.
//   - The pool after a take-over must not be smaller than the pool before it.
//   - The pools must come in the order of Path.
//
// All of these depend on time: on the time to react, or on the rate that the generator
// reached. Therefore no stretch in which the machine was full proves a violation. A pool that
// is wrong stays wrong, and the readings after that stretch prove it.
type Bands struct {
	// Path are the sizes of the pool from the beginning of the load to its end: a band
	// that is entered twice is one too many. nil does not judge it.
	Path []int
	// TakeOvers is how often the address must have moved; 0 does not ask for it.
	TakeOvers int
}

const (
	// reactS is what a scaler and the readings may need beyond its intervals, in seconds: one
	// reading each, a check of the configuration and a reload on a busy machine.
	reactS = 2.0
	// leastLooks is how many readings it takes to judge.
	leastLooks = 20
)

// Name implements Checker.
func (Bands) Name() string { return "bands" }

// Check implements Checker.
func (c Bands) Check(a *history.Arm) Finding {
	if a.Record.Scaling == nil {
		return Finding{Verdict: history.Inconclusive, Detail: "the record does not say how the pools are sized"}
	}
	p := pooled{account.PooledOf(a)}
	if len(p.Pools) < 2 {
		return Finding{Verdict: history.Inconclusive, Detail: fmt.Sprintf("the pools of %d load balancers were read, 2 are needed", len(p.Pools))}
	}
	var wrong, open offences
	var f Finding
	moves := p.takeOvers(&wrong, &open)
	path := p.looks(&f, &wrong, &open)
	if f.Checked < leastLooks {
		open.add("%d readings of the pool of the load balancer with the address, %d wanted", f.Checked, leastLooks)
	}
	f.Checked += moves
	if moves < c.TakeOvers {
		open.add("the address moved %d times, %d wanted", moves, c.TakeOvers)
	}
	if from, to, off := p.strays(path, c.Path); c.Path != nil && off {
		charge(p.Machine, p.Machine.FullIn(from, to), &wrong, &open).
			add("the pool had %v servers in turn, wanted %v", sizes(path), c.Path)
	}
	if !f.decide(&wrong, &open) {
		f.Verdict = history.Pass
		f.Detail = fmt.Sprintf("%d readings, pools of %v servers in turn, %d take-overs", f.Checked-moves, sizes(path), moves)
	}
	return f
}

// pooled judges the pools of an arm.
type pooled struct{ account.Pooled }

// sized is a size of the pool, and since when it was seen.
type sized struct {
	pool  int
	fromS float64
}

func sizes(path []sized) []int {
	out := make([]int, len(path))
	for i, s := range path {
		out[i] = s.pool
	}
	return out
}

// growS is how long a pool may be too small, shrinkS how long too large, in seconds.
func (p pooled) growS() float64   { return p.Scaling.EveryS + reactS }
func (p pooled) shrinkS() float64 { return p.Scaling.HoldS + 2*p.Scaling.EveryS + reactS }

// strays is the stretch in which the sizes of a pool first leave the wanted ones. off is
// false if they never do. It begins with the last size that was right, or, if that is
// earlier, so long before as a pool may be too large.
func (p pooled) strays(path []sized, want []int) (from, to float64, off bool) {
	i := 0
	for i < len(path) && i < len(want) && path[i].pool == want[i] {
		i++
	}
	if i == len(path) && i == len(want) {
		return 0, 0, false
	}
	if to = p.EndS; i < len(path) {
		to = path[i].fromS
	}
	if from = to - p.shrinkS(); i > 0 {
		from = min(from, path[i-1].fromS)
	}
	return from, to, true
}

// looks judges every reading of the pool of the load balancer with the address, and returns
// the sizes that the pool had in turn.
func (p pooled) looks(f *Finding, wrong, open *offences) (path []sized) {
	s, m := p.Scaling, p.Machine
	grow, shrink := p.growS(), p.shrinkS()
	var moments []float64
	for _, x := range p.Pools {
		for _, l := range x.Looks {
			if l.AtS <= p.EndS {
				moments = append(moments, l.AtS)
			}
		}
	}
	slices.Sort(moments)
	moments = slices.Compact(moments)
	for _, at := range moments {
		x, ok := p.Holder(at)
		if !ok {
			continue
		}
		i := x.LastLook(at)
		if i < 0 || x.Looks[i].AtS != at || x.Looks[i].Pool() == 0 {
			continue
		}
		pool := x.Looks[i].Pool()
		f.Checked++
		least, most, lowest := p.wanted(moments, at, grow, shrink)
		switch {
		case pool < least:
			charge(m, m.FullIn(at-grow, at), wrong, open).
				add("at %.1f s %s uses %d app servers, the rate has asked for %d for %g s", at, x.Host, pool, least, grow)
		case pool > most:
			charge(m, m.FullIn(at-shrink, at), wrong, open).
				add("at %.1f s %s uses %d app servers, the rate has asked for %d at most for %g s", at, x.Host, pool, most, shrink)
		}
		if n := len(path); n == 0 || path[n-1].pool != pool {
			if n > 0 && pool < path[n-1].pool && pool < lowest {
				charge(m, m.FullIn(at-s.HoldS, at), wrong, open).
					add("at %.1f s %s goes down to %d app servers, the rate asked for %d within the hold", at, x.Host, pool, lowest)
			}
			path = append(path, sized{pool, at})
		}
	}
	return path
}

// wanted bounds the size of the pool at a moment. least is the minimum of the sizes that the
// rates of the last grow seconds asked for. most is the maximum over the last shrink seconds.
// lowest is the maximum over the time that lies surely within the hold: a pool that shrinks
// must not go below it. A rate that is not known raises most to all servers and least to
// nothing.
func (p pooled) wanted(moments []float64, at, grow, shrink float64) (least, most, lowest int) {
	s := p.Scaling
	size := func(perS float64) int { return s.Bands[s.At(perS)].Servers }
	all := s.Bands[len(s.Bands)-1].Servers
	least, most = all, 0
	surely := s.HoldS - s.EveryS - reactS
	for _, m := range moments {
		if m > at || m < at-shrink {
			continue
		}
		perS, whole := p.Rate(m)
		if m >= at-grow {
			least = min(least, size(perS))
		}
		if !whole {
			most = all
			continue
		}
		most = max(most, size(perS/(1-s.Margin)))
		if m >= at-surely {
			lowest = max(lowest, size(perS))
		}
	}
	if at < grow+s.EveryS {
		least = 0
	}
	if at < shrink+s.EveryS {
		most = all
	}
	return least, most, lowest
}

// takeOvers judges the moves of the address, and returns how many there were.
func (p pooled) takeOvers(wrong, open *offences) (moves int) {
	for _, h := range p.Holdings {
		for i := 1; i < len(h.Changes); i++ {
			at := h.Changes[i].AtS
			if h.Changes[i].Value != 1 || h.Changes[i-1].Value != 0 || at > p.EndS {
				continue
			}
			to := slices.IndexFunc(p.Pools, func(x account.Pool) bool { return x.Host == h.Host })
			from := slices.IndexFunc(p.Pools, func(x account.Pool) bool { return x.Host != h.Host })
			if to < 0 || from < 0 {
				continue
			}
			moves++
			before := p.Pools[from].SizeAt(at)
			early, late := at-p.Scaling.EveryS, at+p.growS()
			for _, l := range p.Pools[to].Looks {
				if l.AtS >= early && l.AtS <= late && l.Pool() > 0 && l.Pool() < before {
					charge(p.Machine, p.Machine.FullIn(early, late), wrong, open).
						add("%s took the address over at %.1f s with %d app servers, %s had used %d", h.Host, at, l.Pool(), p.Pools[from].Host, before)
					break
				}
			}
		}
	}
	return moves
}
