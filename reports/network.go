package reports

import (
	"fmt"
	"math"

	gonum "gonum.org/v1/plot"

	"oalab/reports/plot"
	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// The plots of a network.
const (
	plotNetwork     = "network-throughput"
	plotNetworkTime = "network-latency"
)

func networkSheets() []sheet {
	has := func(a *history.Arm) bool { return len(history.NetworkEvidence.Of(a)) > 0 }
	return []sheet{{plotNetwork, has, figure58}, {plotNetworkTime, has, figure58Time}}
}

// network shows what the network between two hosts does with messages of each size, on
// the axes of the thesis' figure 5-8 (SCN-4).
func (r *run) network() section {
	s := section{ID: "network", Title: "The network between the hosts"}
	for _, e := range r.arms {
		if e.err != nil || !e.has(plotNetwork) {
			continue
		}
		if len(r.arms) > 1 {
			s.heading("Arm " + e.name)
		}
		for _, kind := range []string{plotNetwork, plotNetworkTime} {
			if p := e.plots[kind]; p != nil {
				s.Blocks = append(s.Blocks, block{Plot: p})
			}
		}
		var rows [][]cell
		for _, p := range account.NetworkPoints(e.arm) {
			rows = append(rows, row(
				sizeName(p.Size), within(p.LatencyS, 1e6), micros(p.P50S), micros(p.P99S), within(p.PingPongMbitS, 1), within(p.StreamMbitS, 1), count(p.Exchanges),
			))
		}
		s.table([]string{"message", "one way, mean, µs#", "p50, µs#", "p99, µs#", "waiting for each, Mbit/s#", "without waiting, Mbit/s#", "there and back#"}, rows)
	}
	s.lead("As NetPIPE measures it: over one TCP connection between two containers, a message goes there and back for the latency, and messages follow each " +
		"other for the throughput. Means of five batches with their 95 % intervals. D: three hosts at 100 Mbit/s reach almost 90 Mbit/s, and the delay “grows " +
		"exponentially with the size”. It looks so where the sizes double from point to point; here as there it grows about in proportion to the size, once that counts.")
	return s
}

func micros(s float64) string { return fmt.Sprintf("%.1f", 1e6*s) }

func within(v stat.Interval, unit float64) string {
	return fmt.Sprintf("%.4g (%.4g – %.4g)", unit*v.Value, unit*v.Low, unit*v.High)
}

// sizeName words a size.
func sizeName(n int) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}

// sizes are ticks at the sizes that were measured; every second has a label.
type sizes []int

// Ticks implements gonum's Ticker.
func (s sizes) Ticks(lo, hi float64) []gonum.Tick {
	var out []gonum.Tick
	for i, n := range s {
		if v := float64(n); v >= lo && v <= hi {
			t := gonum.Tick{Value: v}
			if i%2 == 0 {
				t.Label = sizeName(n)
			}
			out = append(out, t)
		}
	}
	return out
}

// networkPlot is the frame of both plots.
func networkPlot(a *history.Arm, names []string, of func(account.NetworkPoint) []stat.Interval) plot.Against {
	f := plot.Against{X: "size of a message (log scale)", LogX: true, LogY: true}
	var measured sizes
	for _, name := range names {
		f.Lines = append(f.Lines, plot.Line{Name: name})
	}
	for _, p := range account.NetworkPoints(a) {
		measured = append(measured, p.Size)
		for i, v := range of(p) {
			l := &f.Lines[i]
			l.Points = append(l.Points, plot.XY{X: float64(p.Size), Y: v.Value})
			l.Low, l.High = append(l.Low, max(v.Low, v.Value/100)), append(l.High, v.High)
		}
	}
	f.Ticks = measured
	return f
}

func figure58(a *history.Arm) plot.Against {
	f := networkPlot(a, []string{"without waiting", "waiting for each"}, func(p account.NetworkPoint) []stat.Interval {
		return []stat.Interval{p.StreamMbitS, p.PingPongMbitS}
	})
	f.Title, f.Y = "Throughput by size of the messages (axes of figure 5-8)", "Mbit/s (log scale)"
	f.Note = "Between two containers on one bridge: the network is the kernel's memory. Whiskers are 95 % intervals."
	f.YTicks = plot.Powers{}
	f.Findings = []plot.SourceLine{{Name: "D: almost 90 Mbit/s on 100 Mbit/s cards", X: math.NaN(), Y: 90}}
	return f
}

func figure58Time(a *history.Arm) plot.Against {
	f := networkPlot(a, []string{"mean, one way", "p99"}, func(p account.NetworkPoint) []stat.Interval {
		return []stat.Interval{p.LatencyS, {Value: p.P99S, Low: p.P99S, High: p.P99S}}
	})
	f.Title, f.Y = "Latency by size of the messages", "time one way (log scale)"
	f.Note = "Half of the time there and back. Where both scales are logarithmic, proportion is a straight line of slope 1."
	return f
}
