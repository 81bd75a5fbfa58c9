package account

import (
	"math"

	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// openConnections are the samples of the generator: how many connections it had open at the
// most since the sample before.
func openConnections(samples []history.Sample) []history.Sample {
	var out []history.Sample
	for _, s := range samples {
		if s.Probe == history.ProbeGenerator && s.Name == history.SeriesConnections && s.Error == "" {
			out = append(out, s)
		}
	}
	return out
}

// unexplained is Cycle.TriesUnexplained.
func (m *meter) unexplained(c *Cycle) float64 {
	const wordsEveryS = 0.15 // a sample is of the tenth of a second before it
	away, until := Stretch{FromS: c.EndS, ToS: c.EndS}, c.EndS
	if c.Probe.Failed > 0 {
		away = Stretch{FromS: c.Probe.FromS - history.VIPEveryS, ToS: c.Probe.ToS + history.VIPEveryS}
		until = c.Probe.FromS + wordsEveryS
	}
	open := math.NaN()
	for _, s := range m.open {
		if s.AtS >= c.BeginS && s.AtS < until && !(s.Value <= open) {
			open = s.Value
		}
	}
	failed := 0
	for _, t := range m.tries {
		begun := t.fromS >= c.BeginS && t.fromS < c.EndS && (t.fromS < away.FromS || t.fromS > away.ToS)
		failed += stat.Indicator(!t.ok && begun)
	}
	return max(0, float64(failed)-open) // NaN without a sample
}
