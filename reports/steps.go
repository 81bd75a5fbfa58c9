package reports

import (
	"fmt"
	"math"
	"slices"

	"oalab/reports/plot"
	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// steps shows a closed load in steps: one server against several, on the axes of the
// thesis' figures 5-9 and 5-10 (SCN-5).
func (r *run) steps() section {
	s := section{ID: "steps", Title: "One server against several"}
	for _, e := range r.arms {
		if e.err != nil || !e.has(plotStepRate) {
			continue
		}
		if len(r.arms) > 1 {
			s.heading("Arm " + e.name)
		}
		for _, kind := range []string{plotStepRate, plotStepTime} {
			if p := e.plots[kind]; p != nil {
				s.Blocks = append(s.Blocks, block{Plot: p})
			}
		}
		s.peaks(e.arm)
		s.everyStep(e.arm)
		s.limit(e.arm)
	}
	s.lead("Each client has one message in flight and sends the next when it has the answer, as http_load does. For each number of clients, one server (asked directly), two and four (behind Nginx) take turns, back and forth. Otherwise a drift of the machine would favour one of them. " +
		"A step counts while it is steady: from the moment when every client has a message in flight and a tenth of the requests is made, until the last request begins.")
	return s
}

// nodesName words how many servers a step had.
func nodesName(nodes int) string {
	if nodes == 0 {
		return "one server"
	}
	return fmt.Sprintf("Nginx + %d", nodes)
}

// curves are the levels of an arm by way of serving, one line each.
func curves(a *history.Arm, of func(account.Level) stat.Interval) []plot.Line {
	var lines []plot.Line
	for _, l := range account.Levels(a) {
		name := nodesName(l.Nodes)
		i := slices.IndexFunc(lines, func(line plot.Line) bool { return line.Name == name })
		if i < 0 {
			lines, i = append(lines, plot.Line{Name: name}), len(lines)
		}
		line, v := &lines[i], of(l)
		line.Points = append(line.Points, plot.XY{X: float64(l.Clients), Y: v.Value})
		line.Low, line.High = append(line.Low, v.Low), append(line.High, v.High)
	}
	return lines
}

func figure59(a *history.Arm) plot.Against {
	return plot.Against{
		Title: "Requests per second by concurrent clients (axes of figure 5-9)",
		Note:  "Whiskers are 99 % intervals by batch means. The source had other servers: compare where the lines bend, not how high they are.",
		X:     "concurrent clients", Y: "requests per second",
		Lines: curves(a, func(l account.Level) stat.Interval { return l.PerS }),
		Findings: []plot.SourceLine{
			{Name: "D: one server saturates at 100 clients, 2 000/s", X: 100, Y: 2000},
			{Name: "D: Nginx + 2 peaks at 250 clients", X: 250, Y: math.NaN()},
		},
	}
}

func figure510(a *history.Arm) plot.Against {
	return plot.Against{
		Title: "Mean response time by concurrent clients (axes of figure 5-10)",
		Note:  "Whiskers are 99 % intervals by batch means. Beyond the knee the clients wait for each other: the time grows in proportion, R = N / X.",
		X:     "concurrent clients", Y: "mean response time, seconds",
		Lines: curves(a, func(l account.Level) stat.Interval { return l.MeanS }),
		Findings: []plot.SourceLine{
			{Name: "D: “almost zero” below 150 clients, then linear", X: 150, Y: math.NaN()},
			{Name: "what D's own 100 clients at 2 000/s come to: 50 ms", X: math.NaN(), Y: 0.05},
		},
	}
}

// peaks tells the highest rates and the knees beside the source's.
func (s *section) peaks(a *history.Arm) {
	s.heading("Peaks and knees")
	theirs := map[int][2]string{0: {"2 000/s at 100 clients", "100"}, 2: {"at 250 clients", "250, “2.5 times”"}}
	var rows [][]cell
	for _, p := range account.Peaks(a) {
		ratio := func(v stat.Interval) string {
			if p.Nodes == 0 || v == (stat.Interval{}) {
				return "1"
			}
			return fmt.Sprintf("%.2f (%.2f – %.2f)", v.Value, v.Low, v.High)
		}
		rows = append(rows, row(
			nodesName(p.Nodes), fmt.Sprintf("%.0f (%.0f – %.0f)", p.PerS.Value, p.PerS.Low, p.PerS.High), count(p.Clients), ratio(p.RateRatio),
			fmt.Sprintf("%.0f (%.0f – %.0f)", p.Knee.Value, p.Knee.Low, p.Knee.High), ratio(p.KneeRatio), orDash(theirs[p.Nodes][0]), orDash(theirs[p.Nodes][1]),
		))
	}
	s.table([]string{"served by", "peak, requests/s#", "at clients#", "times one server#", "knee, clients#", "times one server#", "D: peak", "D: clients"}, rows)
	s.say("The peak is the highest mean rate of three neighbouring numbers of clients, placed at the middle one. A single rate would be no good peak: rates scatter by up to a tenth there. " +
		"The knee is the number of clients, interpolated between the steps, at which the rate first reaches 80 %% of the peak. " +
		"Intervals are of 95 %%, by bootstrap: each step is cut into ten parts, the parts are drawn again 2 000 times, and peak, knee and ratios are computed anew. " +
		"The source's 2.5 is a ratio of clients at the peak, not of rates.")
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// everyStep tells each step with Little's law beside it.
func (s *section) everyStep(a *history.Arm) {
	s.heading("Every step, and N = X·R")
	var rows [][]cell
	for _, p := range account.Steps(a) {
		name := nodesName(p.Nodes)
		if p.Calibrates {
			name += ", without limits"
		}
		percent := func(v float64) string {
			if math.IsNaN(v) {
				return "–"
			}
			return fmt.Sprintf("%.0f %%", 100*v)
		}
		rows = append(rows, row(
			count(p.Clients), name, count(p.Requests), brief(p.ToS-p.FromS), fmt.Sprintf("%.0f", p.PerS), seconds(p.MeanS), seconds(p.Latency.P50), seconds(p.Latency.P99),
			fmt.Sprintf("%.1f ± %.1f", p.InFlight, p.InFlightHalf), percent(p.Throttled), percent(p.Busy), count(p.Failed),
		))
	}
	s.table([]string{
		"clients N#", "served by", "requests#", "steady, s#", "X, requests/s#", "R, mean, s#", "p50, s#", "p99, s#", "X·R#", "periods throttled#", "machine busy#", "failed#",
	}, rows)
	s.say("X·R must be N (Little's law). A smaller product means that clients spent time outside of requests, or that results are missing. The interval of 99 %% is by ten batch means.")
}

// limit explains what limits the app servers, and what that does to response times.
func (s *section) limit(a *history.Arm) {
	l := a.Record.CPULimit
	if l == nil {
		return
	}
	s.heading("The limits, and what they do to the percentiles")
	periodMS := 1e3 * l.PeriodS
	s.list([]prose{
		text("Chosen in the run itself: a message costs %.3f ms of processor time on an app server and %.3f ms elsewhere (generator, Nginx, MySQL, kernel); without load %.2f of %d processors are busy.",
			1e3*l.AppS, 1e3*l.RestS, l.IdleS, l.Cores),
		text("So that %d app servers at their limit keep about %.0f %% of the machine busy at that price, each may use %.3f of a processor.", l.Apps, 100*l.Aim, l.CPUs),
		text("The kernel gives that as %.1f ms in every %.0f ms. A server that has used them up stands still until the next period, with all that it has begun: "+
			"up to %.1f ms are added to a message once, and again for each further period that it needs. Below the knee few periods are throttled, and the "+
			"percentiles are those of the work. At the knee p99 parts from p50 first, because some messages meet the end of a period and most do not. Beyond it "+
			"every period is throttled: answers come in bursts, once a period, and p50 and p99 both follow the queue, N/X, in steps of a period.",
			periodMS*l.CPUs, periodMS, periodMS*(1-l.CPUs)),
		text("With the kernel's default period of 100 ms the same share would add up to %.0f ms each time, and the percentiles would show the limit more than the load.", 100*(1-l.CPUs)),
		text("With few clients most of the time is the wait for the log row: while few rows wait, the server writes the rows of 20 ms in one batch."),
	})
	var used [][]cell
	c := account.CountersOf(a)
	for _, p := range account.Peaks(a) {
		for _, st := range account.Steps(a) {
			if st.Nodes != p.Nodes || st.Clients != p.Clients || st.Calibrates {
				continue
			}
			answered := account.Answered(a, st.FromS, st.ToS)
			for _, host := range c.Apps()[:min(max(st.Nodes, 1), len(c.Apps()))] {
				by, over := c.Rise(host, history.CounterCPU, st.FromS, st.ToS)
				used = append(used, row(nodesName(p.Nodes), count(st.Clients), host, fmt.Sprintf("%.0f", answered[host]), fmt.Sprintf("%.3f", by/over)))
			}
			break
		}
	}
	if len(used) > 0 {
		s.say("Each server at the peak: its own count of answers, and the processors that it used of the %.3f allowed.", l.CPUs)
		s.table([]string{"served by", "clients#", "server", "answered/s#", "processors used#"}, used)
	}
}
