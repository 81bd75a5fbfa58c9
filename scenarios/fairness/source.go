package fairness

import (
	"bytes"
	_ "embed" // the printed series travels with the report that shows it
	"encoding/json"
	"fmt"
	"math"

	"oalab/server/redpacket"
)

//go:embed testdata/printed.json
var printedJSON []byte

// Printed is what the source printed of its own test (thesis 5.1.5, figure 5-11).
type Printed struct {
	Source  string   `json:"source"`
	Setting Setting  `json:"setting"`
	Packets [][]int  `json:"packets"` // its ten runs
	Series  []Series `json:"series"`
}

// Series is the mean by position over a number of runs.
type Series struct {
	Runs  int       `json:"runs"`
	Means []float64 `json:"means"`
}

// PrintedBySource reads the source's figures.
func PrintedBySource() (Printed, error) {
	var p Printed
	dec := json.NewDecoder(bytes.NewReader(printedJSON))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return Printed{}, fmt.Errorf("the source's printed figures: %w", err)
	}
	return p, nil
}

// Rerun is the source's test made again with one allocator.
type Rerun struct {
	Allocator string   `json:"allocator"`
	Series    []Series `json:"series"`
	// Low and High are the least and the greatest mean of the longest series.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Spread is the profile of the longest series; its bands are simultaneous at 95 %
	// and belong to the exact law.
	Spread []Band `json:"spread"`
	// ClosedSD is the closed form by position.
	ClosedSD []float64 `json:"closed_sd"`
	// ZeroShare is the share of packets with a zero at 200 over 20, as many runs as
	// the examination has packets, with its 95 % interval (Wilson).
	ZeroShare Interval `json:"zero_share"`
	ZeroRuns  int      `json:"zero_runs"`
}

// rerun repeats the source's test: 10, 1 000 and 10 000 runs, each its own.
func rerun(s Suspect, seed uint64, runs []int) (Rerun, error) {
	r := Rerun{Allocator: s.Name()}
	exact, err := redpacket.Distribution(s, sourceSetting().Total, sourceSetting().Count)
	if err != nil {
		return r, err
	}
	closed, err := s.ClosedForm(sourceSetting().Total, sourceSetting().Count)
	if err != nil {
		return r, err
	}
	sd := make([]float64, sourceSetting().Count)
	for k, m := range exact.Moments {
		sd[k] = m.SD
		r.ClosedSD = append(r.ClosedSD, closed[k].SD)
	}
	for _, n := range runs {
		splits, err := draw(s, sourceSetting(), n, generator(seed, s.Name(), "source test", n))
		if err != nil {
			return r, err
		}
		positions := Positions(splits)
		series := Series{Runs: n}
		for _, p := range positions {
			series.Means = append(series.Means, p.Mean)
		}
		r.Series = append(r.Series, series)
		r.Low, r.High = Range(positions)
		r.Spread, _ = SpreadProfile(positions, sd, 0.05)
	}
	return r, nil
}

// wilson is the 95 % interval of a share.
func wilson(hits, n int) Interval {
	if n == 0 {
		return Interval{}
	}
	z := quantile(0.975)
	p, m := float64(hits)/float64(n), float64(n)
	centre := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return Interval{Value: p, Low: max(0, centre-half), High: min(1, centre+half)}
}
