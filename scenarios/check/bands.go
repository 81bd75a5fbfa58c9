package check

import (
	"fmt"
	"math"
	"slices"

	"oalab/scenarios/history"
)

// Bands judges that the pool of app servers of whoever has the virtual IP follows the
// rate of requests through the bands (DIS-2, SCN-2). Rate and pool are those that the
// Nginx of both load balancers told when they were looked at; what a scaler says of
// itself does not count. It judges each look, each change of the pool and each
// take-over:
//
//   - A pool is too small when the rate has been in a higher band for an interval and the
//     time to react.
//   - A pool is too large when the rate has been below the margin for the hold and that.
//   - A pool shrinks too early when the rate was in its band shortly before.
//   - A take-over must not land on a smaller pool than that which it leaves.
//   - The pools must come in the order of Path.
type Bands struct {
	// Path are the sizes of the pool from the beginning of the load to its end: a band
	// that is entered twice is one too many. nil does not judge it.
	Path []int
	// TakeOvers is how often the address must have moved; 0 does not ask for it.
	TakeOvers int
}

const (
	// reactS is what a scaler and the looks may need beyond its intervals, in seconds: a
	// look of each, a check of the configuration and a reload on a busy machine.
	reactS = 2.0
	// leastLooks is how many looks it takes to judge.
	leastLooks = 20
)

// Name implements Checker.
func (Bands) Name() string { return "bands" }

// pooled is what there is to judge the pools by.
type pooled struct {
	scaling  history.Scaling
	pools    []Pool
	holdings []Holding
	end      float64
}

// pooledOf is that of an arm whose record says how the pools are sized.
func pooledOf(a *history.Arm) pooled {
	return pooled{
		scaling: *a.Record.Scaling, pools: Pools(a.Samples),
		holdings: Holdings(a.Samples, history.ProbeAddress), end: a.Record.Load.DurationS,
	}
}

// Check implements Checker.
func (c Bands) Check(a *history.Arm) Finding {
	if a.Record.Scaling == nil {
		return Finding{Verdict: history.Inconclusive, Detail: "the record does not say how the pools are sized"}
	}
	p := pooledOf(a)
	if len(p.pools) < 2 {
		return Finding{Verdict: history.Inconclusive, Detail: fmt.Sprintf("the pools of %d load balancers were looked at, 2 are needed", len(p.pools))}
	}
	var wrong, open offences
	var f Finding
	moves := p.takeOvers(&wrong)
	path := p.looks(&f, &wrong)
	if f.Checked < leastLooks {
		open.add("%d looks at the pool of who has the address, %d wanted", f.Checked, leastLooks)
	}
	f.Checked += moves
	if moves < c.TakeOvers {
		open.add("the address moved %d times, %d wanted", moves, c.TakeOvers)
	}
	if c.Path != nil && !slices.Equal(path, c.Path) {
		wrong.add("the pool had %v servers in turn, wanted %v", path, c.Path)
	}
	if !f.decide(&wrong, &open) {
		f.Verdict = history.Pass
		f.Detail = fmt.Sprintf("%d looks, pools of %v servers in turn, %d take-overs", f.Checked-moves, path, moves)
	}
	return f
}

// holder is the load balancer that has the address alone at a moment, and whether
// there is one that was looked at.
func (p pooled) holder(s float64) (Pool, bool) {
	var have []string
	for _, h := range p.holdings {
		if h.At(s) == 1 {
			have = append(have, h.Host)
		}
	}
	if len(have) != 1 {
		return Pool{}, false
	}
	i := slices.IndexFunc(p.pools, func(x Pool) bool { return x.Host == have[0] })
	if i < 0 {
		return Pool{}, false
	}
	return p.pools[i], true
}

// rate is the larger rate of all load balancers over an interval of the scaler before a
// moment; whole is false when that of one of them is not known.
func (p pooled) rate(s float64) (perS float64, whole bool) {
	whole = true
	for _, x := range p.pools {
		i := x.last(s)
		r := math.NaN()
		if i >= 0 && s-x.Looks[i].AtS <= p.scaling.EveryS+1 {
			r = x.over(i, p.scaling.EveryS)
		}
		if math.IsNaN(r) {
			whole = false
			continue
		}
		perS = max(perS, r)
	}
	return perS, whole
}

// looks judges every look at the pool of who has the address, and returns the sizes that
// the pool had in turn.
func (p pooled) looks(f *Finding, wrong *offences) (path []int) {
	s := p.scaling
	grow, shrink := s.EveryS+reactS, s.HoldS+2*s.EveryS+reactS
	var moments []float64
	for _, x := range p.pools {
		for _, l := range x.Looks {
			if l.AtS <= p.end {
				moments = append(moments, l.AtS)
			}
		}
	}
	slices.Sort(moments)
	moments = slices.Compact(moments)
	for _, at := range moments {
		x, ok := p.holder(at)
		if !ok {
			continue
		}
		i := x.last(at)
		if i < 0 || x.Looks[i].AtS != at || x.Looks[i].Pool() == 0 {
			continue
		}
		pool := x.Looks[i].Pool()
		f.Checked++
		least, most, lowest := p.wanted(moments, at, grow, shrink)
		switch {
		case pool < least:
			wrong.add("at %.1f s %s uses %d app servers, the rate has asked for %d for %g s", at, x.Host, pool, least, grow)
		case pool > most:
			wrong.add("at %.1f s %s uses %d app servers, the rate has asked for %d at most for %g s", at, x.Host, pool, most, shrink)
		}
		if n := len(path); n == 0 || path[n-1] != pool {
			if n > 0 && pool < path[n-1] && pool < lowest {
				wrong.add("at %.1f s %s goes down to %d app servers, the rate asked for %d within the hold", at, x.Host, pool, lowest)
			}
			path = append(path, pool)
		}
	}
	return path
}

// wanted is what the rate before a moment asks of a pool: at least what every look of
// the last grow seconds asked for, at most what the look of the last shrink seconds did
// that asked for most, and when it shrinks no less than what any look that lies surely
// within the hold asked for. What is not known asks for nothing, and lets nothing
// shrink.
func (p pooled) wanted(moments []float64, at, grow, shrink float64) (least, most, lowest int) {
	s := p.scaling
	size := func(perS float64) int { return s.Bands[s.At(perS)].Servers }
	all := s.Bands[len(s.Bands)-1].Servers
	least, most = all, 0
	surely := s.HoldS - s.EveryS - reactS
	for _, m := range moments {
		if m > at || m < at-shrink {
			continue
		}
		perS, whole := p.rate(m)
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
func (p pooled) takeOvers(wrong *offences) (moves int) {
	for _, h := range p.holdings {
		for i := 1; i < len(h.Changes); i++ {
			at := h.Changes[i].AtS
			if h.Changes[i].Value != 1 || h.Changes[i-1].Value != 0 || at > p.end {
				continue
			}
			to := slices.IndexFunc(p.pools, func(x Pool) bool { return x.Host == h.Host })
			from := slices.IndexFunc(p.pools, func(x Pool) bool { return x.Host != h.Host })
			if to < 0 || from < 0 {
				continue
			}
			moves++
			before := p.pools[from].at(at)
			for _, l := range p.pools[to].Looks {
				if l.AtS >= at-p.scaling.EveryS && l.AtS <= at+p.scaling.EveryS+reactS && l.Pool() > 0 && l.Pool() < before {
					wrong.add("%s took the address over at %.1f s with %d app servers, %s had used %d", h.Host, at, l.Pool(), p.pools[from].Host, before)
					break
				}
			}
		}
	}
	return moves
}
