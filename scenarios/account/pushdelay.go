package account

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// PushGoalS is within how many seconds the source wants the platform to have a message
// about what was accepted.
const PushGoalS = 0.5

// PushDelay is the time from the acceptance of an order, or the hand-over of a query, until
// the platform had the message about it, as servers counted it. Messages that the platform
// did not accept, and those that never got so far, are not counted. With N = 0 the other
// fields mean nothing.
type PushDelay struct {
	N     int
	MeanS float64
	// P99S is a bound of p99, the next one that the server counts by; +Inf: beyond all.
	P99S float64
	// InTime is the share within PushGoalS.
	InTime float64
}

// pushes are the counts of a histogram.
type pushes struct {
	sumS, n float64
	upTo    map[float64]float64 // how many within so many seconds
}

func (p *pushes) add(series string, by float64) {
	switch name, labels, _ := strings.Cut(series, "{"); name {
	case seriesPush + "_sum":
		p.sumS += by
	case seriesPush + "_count":
		p.n += by
	case seriesPush + "_bucket":
		for _, l := range splitLabels(strings.TrimSuffix(labels, "}")) {
			if le, ok := strings.CutPrefix(l, `le="`); ok {
				if bound, err := strconv.ParseFloat(strings.TrimSuffix(le, `"`), 64); err == nil {
					if p.upTo == nil {
						p.upTo = map[float64]float64{}
					}
					p.upTo[bound] += by
				}
			}
		}
	}
}

func (p *pushes) delay() PushDelay {
	if p.n == 0 {
		return PushDelay{}
	}
	d := PushDelay{N: int(p.n), MeanS: p.sumS / p.n, P99S: math.Inf(1), InTime: math.NaN()}
	bounds := make([]float64, 0, len(p.upTo))
	for bound := range p.upTo {
		bounds = append(bounds, bound)
	}
	slices.Sort(bounds)
	for _, bound := range bounds {
		if bound == PushGoalS {
			d.InTime = p.upTo[bound] / p.n
		}
		if p.upTo[bound] >= 0.99*p.n {
			d.P99S = min(d.P99S, bound)
		}
	}
	return d
}
