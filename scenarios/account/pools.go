package account

import (
	"math"
	"slices"
	"strings"

	"oalab/scenarios/history"
)

// PoolLook is one look at the Nginx of a load balancer.
type PoolLook struct {
	AtS    float64
	Values map[string]float64 // by series, those that were told
	// PerS is the rate of requests since the look before, NaN when it is not known: at
	// the first look, after one without an answer, and when the counters began anew.
	PerS float64
}

// Pool is how many app servers were in use, 0 when the look does not tell.
func (l PoolLook) Pool() int { return int(l.Values[history.SeriesAppServers]) }

// Pool is a load balancer as it was looked at.
type Pool struct {
	Host  string
	Looks []PoolLook // in the order of time
}

// Pools are the load balancers of an arm whose pools were followed, by their names.
func Pools(samples []history.Sample) []Pool {
	suffix := history.ProbeNginx("")
	var out []Pool
	broken := map[string]bool{} // the look before was not answered
	for _, s := range samples {
		host, ok := strings.CutSuffix(s.Probe, suffix)
		if !ok {
			continue
		}
		i := slices.IndexFunc(out, func(p Pool) bool { return p.Host == host })
		if i < 0 {
			i, out = len(out), append(out, Pool{Host: host})
		}
		if s.Error != "" {
			broken[host] = true
			continue
		}
		looks := &out[i].Looks
		if n := len(*looks); n == 0 || (*looks)[n-1].AtS != s.AtS {
			*looks = append(*looks, PoolLook{AtS: s.AtS, Values: map[string]float64{}, PerS: math.NaN()})
		}
		look := &(*looks)[len(*looks)-1]
		look.Values[s.Name] = s.Value
		if s.Name == history.SeriesRequests {
			if n := len(*looks); n > 1 && !broken[host] {
				look.PerS = rateBetween((*looks)[n-2], *look)
			}
			broken[host] = false
		}
	}
	slices.SortFunc(out, func(a, b Pool) int { return strings.Compare(a.Host, b.Host) })
	return out
}

// rateBetween is the rate of requests between two looks, NaN when it is not known.
func rateBetween(before, after PoolLook) float64 {
	for _, counter := range []string{history.SeriesRequests, history.SeriesAccepts, history.SeriesHandled} {
		from, known := before.Values[counter]
		if to, told := after.Values[counter]; !known || told && to < from {
			return math.NaN()
		}
	}
	return (after.Values[history.SeriesRequests] - before.Values[history.SeriesRequests]) / (after.AtS - before.AtS)
}

// RateOver is the rate of a load balancer over the last length seconds before a look, NaN
// when a part of it is not known.
func (p Pool) RateOver(i int, length float64) float64 {
	sum := 0.0
	for j := i; j >= 1; j-- {
		l := p.Looks[j]
		span := l.AtS - p.Looks[j-1].AtS
		sum += l.PerS * span
		if have := p.Looks[i].AtS - p.Looks[j-1].AtS; have >= length-1e-9 {
			return sum / have
		}
	}
	return math.NaN()
}

// LastLook is the number of the last look at or before a moment, -1 without one.
func (p Pool) LastLook(s float64) int {
	n, _ := slices.BinarySearchFunc(p.Looks, s, func(l PoolLook, s float64) int {
		if l.AtS <= s {
			return -1
		}
		return 1
	})
	return n - 1
}

// SizeAt is the pool at a moment, 0 before the first look.
func (p Pool) SizeAt(s float64) int {
	if i := p.LastLook(s); i >= 0 {
		return p.Looks[i].Pool()
	}
	return 0
}
