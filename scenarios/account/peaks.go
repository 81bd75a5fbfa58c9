package account

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// Peak is the most that one way of serving came to over all numbers of clients.
type Peak struct {
	Nodes   int // behind the load balancer; 0: one server alone
	Clients int // at which the rate was highest: of the plateau the middle
	Done    int // operations behind the rates
	PerS    stat.Interval
	// Knee is the number of clients from which on more of them hardly bring more: at which
	// the rate, interpolated between the steps, first comes to kneeShare of its peak.
	Knee stat.Interval
	// RateRatio and KneeRatio are those to one server alone; the zero value of that itself.
	RateRatio, KneeRatio stat.Interval
}

const (
	// plateau is over how many neighbouring numbers of clients a peak is the mean. Rates
	// scatter by up to a tenth there: the largest of a dozen would be the luckiest, and the
	// more so the less steady a way of serving is, which would bend the ratios.
	plateau = 3
	// kneeShare is what the rate at the knee is of its peak.
	kneeShare = 0.8
)

// resamples is how often the batches are drawn again for the intervals, and resampleSeed
// makes the same evidence give the same intervals.
const (
	resamples    = 2000
	resampleSeed = 59
)

// level is all steps of one way with the same number of clients.
type level struct {
	clients int
	batches []batch
}

// ways are the levels of each way of serving by its number of nodes. Steps that were not
// steady, the one that calibrates, and those of a machine that was too busy (Headroom) do
// not count, nor does a step without a batch.
func ways(steps []StepSeen) (map[int][]level, []int) {
	all := map[int][]level{}
	for _, s := range steps {
		if s.Calibrates || s.Done < LeastSteady || s.TooBusy() || len(s.batches) == 0 {
			continue
		}
		i := slices.IndexFunc(all[s.Nodes], func(l level) bool { return l.clients == s.Clients })
		if i < 0 {
			all[s.Nodes], i = append(all[s.Nodes], level{clients: s.Clients}), len(all[s.Nodes])
		}
		all[s.Nodes][i].batches = append(all[s.Nodes][i].batches, s.batches...)
	}
	var nodes []int
	for n, levels := range all {
		slices.SortFunc(levels, func(a, b level) int { return cmp.Compare(a.clients, b.clients) })
		nodes = append(nodes, n)
	}
	slices.Sort(nodes)
	return all, nodes
}

// top is the highest mean rate of a plateau, where its middle is, and the knee.
func top(levels []level, draw func([]batch) []batch) (perS float64, clients int, knee float64) {
	rates := make([]float64, len(levels))
	for i, l := range levels {
		length, done := 0.0, 0
		for _, b := range draw(l.batches) {
			length, done = length+b.lengthS, done+b.done
		}
		rates[i] = float64(done) / length
	}
	wide := min(plateau, len(levels))
	for i := 0; i+wide <= len(levels); i++ {
		sum := 0.0
		for _, r := range rates[i : i+wide] {
			sum += r
		}
		if mean := sum / float64(wide); mean > perS {
			perS, clients = mean, levels[i+wide/2].clients
		}
	}
	n, rate := 0.0, 0.0 // no clients, no rate
	for i, l := range levels {
		if rates[i] >= kneeShare*perS {
			return perS, clients, n + (float64(l.clients)-n)*(kneeShare*perS-rate)/(rates[i]-rate)
		}
		n, rate = float64(l.clients), rates[i]
	}
	return perS, clients, n
}

// Peaks compares the ways of serving of an arm with steps, the single server first if
// there is one. Intervals are by bootstrap: the batches of each level are drawn again, with
// replacement, and everything that follows from them is computed anew.
func Peaks(a *history.Arm) []Peak { return PeaksOf(Steps(a)) }

// WithoutFull are steps without the batches in which the machine was full.
func WithoutFull(m Machine, steps []StepSeen) []StepSeen {
	out := slices.Clone(steps)
	for i := range out {
		out[i].batches = slices.DeleteFunc(slices.Clone(out[i].batches), func(b batch) bool {
			return m.FullIn(b.fromS, b.fromS+b.lengthS)
		})
	}
	return out
}

// PeaksOf are the Peaks of these steps; nil without a steady one.
func PeaksOf(steps []StepSeen) []Peak {
	all, nodes := ways(steps)
	if len(nodes) == 0 {
		return nil
	}
	rng := rand.New(rand.NewPCG(resampleSeed, 0))
	again := func(of []batch) []batch {
		out := make([]batch, len(of))
		for i := range out {
			out[i] = of[rng.IntN(len(of))]
		}
		return out
	}
	same := func(of []batch) []batch { return of }
	peaks := make([]Peak, len(nodes))
	drawn := map[string][][]float64{"rate": make([][]float64, len(nodes)), "knee": make([][]float64, len(nodes))}
	for i, n := range nodes {
		p := &peaks[i]
		p.Nodes = n
		p.PerS.Value, p.Clients, p.Knee.Value = top(all[n], same)
		for _, l := range all[n] {
			for _, b := range l.batches {
				p.Done += b.done
			}
		}
		for range resamples {
			rate, _, knee := top(all[n], again)
			drawn["rate"][i], drawn["knee"][i] = append(drawn["rate"][i], rate), append(drawn["knee"][i], knee)
		}
		p.PerS = stat.Bootstrap(p.PerS.Value, drawn["rate"][i])
		p.Knee = stat.Bootstrap(p.Knee.Value, drawn["knee"][i])
	}
	if nodes[0] == 0 {
		for i := 1; i < len(nodes); i++ {
			peaks[i].RateRatio = stat.BootstrapRatio(peaks[i].PerS, peaks[0].PerS, drawn["rate"][i], drawn["rate"][0])
			peaks[i].KneeRatio = stat.BootstrapRatio(peaks[i].Knee, peaks[0].Knee, drawn["knee"][i], drawn["knee"][0])
		}
	}
	return peaks
}

// Level is what one way of serving came to with one number of clients, over all steps of
// that number. The intervals are of 99 %, by batch means.
type Level struct {
	Nodes, Clients int
	PerS, MeanS    stat.Interval
}

// Levels are the levels of an arm with steps, by nodes and clients.
func Levels(a *history.Arm) []Level {
	all, nodes := ways(Steps(a))
	var out []Level
	for _, n := range nodes {
		for _, l := range all[n] {
			rate, rateHalf := meanOf(l.batches, func(b batch) float64 { return float64(b.done) / b.lengthS })
			done, spent := 0.0, 0.0
			for _, b := range l.batches {
				done, spent = done+float64(b.done), spent+b.spentS
			}
			// The mean of a ratio: what a batch spent beside what it should have for its count.
			mean := spent / done
			_, off := meanOf(l.batches, func(b batch) float64 { return b.spentS - mean*float64(b.done) })
			half := off * float64(len(l.batches)) / done
			out = append(out, Level{
				Nodes: n, Clients: l.clients,
				PerS:  stat.Interval{Value: rate, Low: rate - rateHalf, High: rate + rateHalf},
				MeanS: stat.Interval{Value: mean, Low: max(0, mean-half), High: mean + half},
			})
		}
	}
	return out
}
