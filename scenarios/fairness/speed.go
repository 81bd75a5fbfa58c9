package fairness

import (
	"math/rand/v2"
	"slices"
	"time"
)

// splitTime is the time of one split at the main setting in nanoseconds: the median
// over eleven rounds, with the second lowest and second highest as an interval of
// more than 98 % (order statistics). It is the only part of a report that the
// seed does not determine.
func splitTime(s Suspect, seed uint64, packets int) (Interval, error) {
	const rounds = 11
	rng := rand.New(rand.NewPCG(seed, 0))
	each := max(1, packets/rounds)
	ns := make([]float64, rounds)
	for i := range ns {
		start := time.Now()
		for range each {
			if _, err := s.Split(rng, sourceSetting().Total, sourceSetting().Count); err != nil {
				return Interval{}, err
			}
		}
		ns[i] = float64(time.Since(start).Nanoseconds()) / float64(each)
	}
	slices.Sort(ns)
	return Interval{Value: ns[rounds/2], Low: ns[1], High: ns[rounds-2]}, nil
}
