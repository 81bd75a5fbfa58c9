package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"oalab/reports/plot"
	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
	"oalab/scenarios/workload"
)

// The plots of a compressed month.
const (
	plotClicks  = "usage-clicks"
	plotTraffic = "usage-traffic"
	plotLoad    = "usage-load"
)

func usageSheets() []sheet {
	has := func(a *history.Arm) bool { return len(history.ClickEvidence.Of(a)) > 0 && a.Record.DayS > 0 }
	return []sheet{{plotClicks, has, figure512}, {plotTraffic, has, figure513}, {plotLoad, has, figure514}}
}

// usage shows what followers clicked over a compressed month, what went over the network
// and how busy the servers were, on the axes of the thesis' figures 5-12 to 5-14 (SCN-7).
func (r *run) usage() section {
	s := section{ID: "usage", Title: "Usage over a month"}
	for _, e := range r.arms {
		if e.err != nil || !e.has(plotClicks) {
			continue
		}
		if len(r.arms) > 1 {
			s.heading("Arm " + e.name)
		}
		for _, kind := range []string{plotClicks, plotTraffic, plotLoad} {
			if p := e.plots[kind]; p != nil {
				s.Blocks = append(s.Blocks, block{Plot: p})
			}
		}
		s.menu(e.arm)
		s.sampled(e.arm)
	}
	s.lead("Clicks are counted after the load in the rows of the system's own user log, as an operator would count them. Traffic and load are the " +
		"kernel's counters, read while the load lasted. A day of the month takes a second or a few.")
	return s
}

// menuTheirs are the shares that the source tells, by the planted share's item.
var menuTheirs = map[int]string{0: "29.91 % (Menu1)", 1: "2.65 % (Menu2)", 4: "4.75 % (Menu5)"}

// menu tells the share of each item beside the source's.
func (s *section) menu(a *history.Arm) {
	clicks, total := account.ClicksByKey(a), 0
	for _, n := range clicks {
		total += n
	}
	var rows [][]cell
	for i, key := range menuOrder(a) {
		v := stat.Proportion(clicks[key], total)
		rows = append(rows, row(fmt.Sprintf("Menu%d, %s", i+1, key), count(clicks[key]), fmt.Sprintf("%.2f %%", 100*v.Value),
			fmt.Sprintf("%.2f – %.2f %%", 100*v.Low, 100*v.High), orDash(menuTheirs[i])))
	}
	s.heading("Clicks by menu item")
	s.table([]string{"item", "rows in the user log#", "share#", "95 % interval#", "D"}, rows)
}

// menuOrder are the items that were clicked, in the order of the menu.
func menuOrder(a *history.Arm) []string {
	known := workload.MenuKeys()
	var keys []string
	for key := range account.ClicksByKey(a) {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(slices.Index(known, a), slices.Index(known, b)), strings.Compare(a, b))
	})
	return keys
}

// sampled tells traffic and load beside the source's.
func (s *section) sampled(a *history.Arm) {
	u := account.UsageOf(a)
	flows := func(all []account.Flow) []account.Counted {
		out := make([]account.Counted, len(all))
		for i, f := range all {
			out[i].Value = f.MBPerMin
		}
		return out
	}
	var rows [][]cell
	for _, line := range []struct {
		what, theirs string
		of           []account.Counted
		above        bool
	}{
		{"received by an app server, MB/min", "0.434 mean, 9.934 at most", flows(u.Received), false},
		{"sent by an app server, MB/min", "4.396 mean, 64.094 at most", flows(u.Sent), false},
		{"load average over a minute, of the machine", "1.232 mean, 25.75 at most, 13.34 % above 2", u.Load, true},
		{"processors busy, of the machine", "–", u.Busy, false},
		{"processors used by an app server", "–", u.CPU, false},
	} {
		mean, most, above := account.MeanMaxAbove(line.of, 2)
		over := "–"
		if line.above && !math.IsNaN(above) {
			over = fmt.Sprintf("%.1f %%", 100*above)
		}
		rows = append(rows, row(line.what, seconds(mean), seconds(most), over, count(len(line.of)), line.theirs))
	}
	s.heading("Traffic and load")
	s.table([]string{"what", "mean#", "largest#", "above 2#", "samples#", "D"}, rows)
	s.say("The source samples traffic each minute and load each quarter of an hour of a real month. Here a month is shorter than the time over which the load average is taken, so the load average includes the minute before. Busy processors are shown for each moment. " +
		"In the traffic that servers send, the peaks at intervals of a second are the answers to this run's requests for their figures. The source's servers sent ten times " +
		"what they received, because they delivered pages. The servers of this run answer messages and talk to their database, Redis and broker.")
}

// days turns seconds of a load into days of the month.
func days(a *history.Arm, atS float64) float64 { return atS/a.Record.DayS + 1 }

// averaged are readings over the days of the month; those of one moment, of several
// hosts, are one point.
func averaged(a *history.Arm, readings []account.Counted) []plot.XY {
	sums, n := map[float64]float64{}, map[float64]int{}
	for _, r := range readings {
		sums[r.AtS] += r.Value
		n[r.AtS]++
	}
	points := make([]plot.XY, 0, len(sums))
	for at, sum := range sums {
		points = append(points, plot.XY{X: days(a, at), Y: sum / float64(n[at])})
	}
	slices.SortFunc(points, func(a, b plot.XY) int { return cmp.Compare(a.X, b.X) })
	return points
}

func figure512(a *history.Arm) plot.Against {
	f := plot.Against{
		Title: "Clicks by menu item and day (axes of figure 5-12)", Note: "Rows of the user log by the day on which the message came. As in the source, the curves run alike: the shares stay while the days differ.",
		X: "day of the month", Y: "clicks a day", Bare: true,
	}
	last := int(math.Round(a.Record.Load.DurationS / a.Record.DayS))
	for i, key := range menuOrder(a) {
		perDay := make([]float64, last)
		for _, c := range history.ClickEvidence.Of(a) {
			day := int((float64(c.AtMS)/1e3 - float64(a.Record.Base.UnixMilli())/1e3) / a.Record.DayS)
			if c.Key == key && day >= 0 && day < last {
				perDay[day] += float64(c.Rows)
			}
		}
		line := plot.Line{Name: fmt.Sprintf("Menu%d", i+1)}
		for day, n := range perDay {
			line.Points = append(line.Points, plot.XY{X: float64(day + 1), Y: n})
		}
		f.Lines = append(f.Lines, line)
	}
	return f
}

func figure513(a *history.Arm) plot.Against {
	u := account.UsageOf(a)
	f := plot.Against{
		Title: "Traffic of the app servers over the month (axes of figure 5-13)", Note: "From /proc/net/dev of each host, the mean over the app servers.",
		X: "day of the month", Y: "MB per minute", Bare: true,
		Findings: []plot.SourceLine{{Name: "D: sent, mean 4.396", X: math.NaN(), Y: 4.396}, {Name: "D: received, mean 0.434", X: math.NaN(), Y: 0.434}},
	}
	for _, l := range []struct {
		name string
		of   []account.Flow
	}{{"received", u.Received}, {"sent", u.Sent}} {
		readings := make([]account.Counted, len(l.of))
		for i, v := range l.of {
			readings[i] = account.Counted{AtS: v.AtS, Value: v.MBPerMin}
		}
		f.Lines = append(f.Lines, plot.Line{Name: l.name, Points: averaged(a, readings)})
	}
	return f
}

func figure514(a *history.Arm) plot.Against {
	u := account.UsageOf(a)
	f := plot.Against{
		Title: "Load over the month (axes of figure 5-14)", Note: "Load average and busy processors of the machine that carries all hosts; what each app server used of them is the mean over the servers.",
		X: "day of the month", Y: "load, processors", Bare: true,
		Findings: []plot.SourceLine{{Name: "D: mean load 1.232", X: math.NaN(), Y: 1.232}},
	}
	for _, l := range []struct {
		name string
		of   []account.Counted
	}{{"load average of a minute", u.Load}, {"processors busy", u.Busy}, {"used by an app server", u.CPU}} {
		line := plot.Line{Name: l.name, Points: averaged(a, l.of)}
		f.Lines = append(f.Lines, line)
	}
	return f
}
