package fairness

import (
	"fmt"
	"slices"
)

// Choice is the default that the figures call for, and the comparison behind it.
type Choice struct {
	Default string `json:"default"`
	Reason  string `json:"reason"`
	// Ranking is best first.
	Ranking []Merit `json:"ranking"`
}

// Merit is what one allocator is compared by, from the first difference on.
type Merit struct {
	Allocator string `json:"allocator"`
	// KeepsMinimum at every total examined; MeansEqual at every total examined.
	KeepsMinimum bool `json:"keeps_minimum"`
	MeansEqual   bool `json:"means_equal"`
	// LuckRatio is the largest over the smallest chance, by position, of the best
	// or the worst share, whichever differs more: 1 is perfect.
	LuckRatio float64 `json:"luck_ratio"`
	// LuckByPosition says that the dependence is proven.
	LuckByPosition bool `json:"luck_by_position"`
	// SpreadRatio is the largest over the smallest standard deviation by position.
	SpreadRatio float64 `json:"spread_ratio"`
	Gini        float64 `json:"gini"`
	SplitNS     float64 `json:"split_ns"`
}

// choose ranks by: minimum kept, means equal, no luck by position, small inequality.
func choose(judgements []Judgement, speeds map[string]float64) Choice {
	var c Choice
	for _, j := range judgements {
		c.Ranking = append(c.Ranking, j.merit(speeds[j.Name]))
	}
	slices.SortStableFunc(c.Ranking, func(a, b Merit) int {
		for _, better := range []int{
			first(a.KeepsMinimum, b.KeepsMinimum), first(a.MeansEqual, b.MeansEqual), first(b.LuckByPosition, a.LuckByPosition),
		} {
			if better != 0 {
				return better
			}
		}
		if a.Gini < b.Gini {
			return -1
		}
		return 1
	})
	if len(c.Ranking) == 0 {
		return c
	}
	best := c.Ranking[0]
	c.Default = best.Allocator
	c.Reason = fmt.Sprintf("keeps the minimum: %t; means equal at every total: %t; best and worst luck by position differ by a factor of %.2f, which is proven: %t; spread by position by a factor of %.2f",
		best.KeepsMinimum, best.MeansEqual, best.LuckRatio, best.LuckByPosition, best.SpreadRatio)
	return c
}

// first orders true before false.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

func (j Judgement) merit(ns float64) Merit {
	m := Merit{Allocator: j.Name, KeepsMinimum: true, MeansEqual: true, Gini: j.Gini.Value, SplitNS: ns}
	for _, f := range j.Findings {
		guilty := f.Verdict == Convicted
		switch f.Charge {
		case chargeZeros:
			m.KeepsMinimum = m.KeepsMinimum && !guilty
		case chargeMeans:
			m.MeansEqual = m.MeansEqual && !guilty
		case "best" + chargeLuck, "worst" + chargeLuck:
			m.LuckByPosition = m.LuckByPosition || guilty
		}
	}
	ratio := func(of func(Position) float64) float64 {
		low, high := of(j.Positions[0]), of(j.Positions[0])
		for _, p := range j.Positions {
			low, high = min(low, of(p)), max(high, of(p))
		}
		return finite(high / low)
	}
	m.LuckRatio = max(ratio(func(p Position) float64 { return p.Best }), ratio(func(p Position) float64 { return p.Worst }))
	m.SpreadRatio = ratio(func(p Position) float64 { return p.SD })
	return m
}
