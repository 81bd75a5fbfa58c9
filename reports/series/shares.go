package series

import (
	"math"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// Shares is how the requests were spread over the app servers, interval by interval.
// The zero value is that of an arm without a probe of it.
type Shares struct {
	Names []string
	Cut   Cut
	// Over has for each interval the share of each server, 0 to 1; nil where nothing
	// was given to any.
	Over [][]float64
}

// leastPerInterval is how many requests an interval needs for its shares to mean
// something.
const leastPerInterval = 5

func shares(a *history.Arm, cut Cut) Shares {
	servers := account.Upstreams(a)
	if len(servers) == 0 {
		return Shares{}
	}
	s := Shares{Cut: cut, Over: make([][]float64, cut.N)}
	counts := make([][]float64, cut.N)
	for i := range counts {
		counts[i] = make([]float64, len(servers))
	}
	for k, u := range servers {
		s.Names = append(s.Names, u.Name)
		for _, r := range u.Rises {
			// Counts come several to an interval, so that each falls almost whole into one.
			first, last := int(math.Floor(r.FromS/cut.StepS)), int(math.Floor(r.ToS/cut.StepS))
			for i := max(0, first); i <= last && i < cut.N; i++ {
				over := min(r.ToS, cut.From(i+1)) - max(r.FromS, cut.From(i))
				counts[i][k] += r.Requests * max(0, over) / (r.ToS - r.FromS)
			}
		}
	}
	for i, of := range counts {
		sum := 0.0
		for _, n := range of {
			sum += n
		}
		if sum < leastPerInterval {
			continue
		}
		for k := range of {
			of[k] /= sum
		}
		s.Over[i] = of
	}
	return s
}
