package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"oalab/reports/series"
	"oalab/scenarios/account"
	"oalab/scenarios/figure"
	"oalab/scenarios/history"
)

// failover shows the outages of the virtual IP: their distributions beside the predictions,
// and one cycle of each fault in detail (REP-2, REP-8, REP-9).
func (r *run) failover() section {
	s := section{ID: "failover", Title: "Failover"}
	ofVIP := func(e armEvidence) bool { return e.has(plotFailover) && !e.series.Failover.Writes }
	if !slices.ContainsFunc(r.arms, ofVIP) {
		return s
	}
	s.say("A cycle is one window of a fault. Each cycle begins at another moment of the system's own timers. The probe opens a new connection every 10 ms and gives it up after 200 ms. " +
		"An outage lasts from the start of the first request without an answer to the start of the next request with an answer. " +
		"The return of the address after a fault is a cycle of fail-back. All times are in seconds. A median or percentile is followed by its 95 %% interval if there are enough cycles for one.")
	s.list([]prose{
		text("Predicted: the outage that follows from the settings of keepalived, computed before the load. The wider bounds include the error of the measurement."),
		text("Parts, as medians: detected (the other host has the address), taken over (the first request is answered), reconnected (a client's first try " +
			"has succeeded), replayed (all operations that were due before the end of the outage are over)."),
		text("By clients: from the start of one successful delivery to the start of the next. By due time: the time in which no message was answered within %s of its due time.",
			figure.Quantity(account.AnsweredWithinS, "s")),
	})
	for _, e := range r.arms {
		if !ofVIP(e) {
			continue
		}
		if len(r.arms) > 1 {
			s.heading("Arm " + e.name)
		}
		var measured, parts [][]cell
		for _, f := range e.series.Failover.Faults {
			measured = append(measured, r.outageRow(e, f))
			parts = append(parts, r.partsRow(e, f))
		}
		s.table([]string{"fault", "cycles#", "median#", "p95#", "longest#", "predicted#", "closed form#", "all inside"}, measured)
		s.table([]string{
			"fault", "longest by clients#", "longest by due time#", "tries failed, of a cycle#", "detected#", "taken over#", "reconnected#", "replayed#",
		}, parts)
		s.plots(e, plotOutages, plotFailover)
	}
	return s
}

// plots adds those plots of an arm that were drawn.
func (s *section) plots(e armEvidence, kinds ...string) {
	for _, k := range kinds {
		if p := e.plots[k]; p != nil {
			s.Blocks = append(s.Blocks, block{Plot: p})
		}
	}
}

// outageRow has the outages of a fault, as the probe measured them, beside their
// prediction.
func (r *run) outageRow(e armEvidence, f series.FaultCycles) []cell {
	out := []cell{{Text: f.Fault}, {Text: count(len(f.Cycles))}}
	for _, base := range []string{"outage_median_s", "outage_p95_s", "outage_probe_s"} {
		out = append(out, r.intervalOf(e, base, f.Fault))
	}
	if f.Prediction == nil {
		return append(out, row("nothing", "–", "")...)
	}
	wrong := 0
	for _, c := range f.Cycles {
		if !math.IsNaN(c.ProbeS) && !c.Inside(*f.Prediction) {
			wrong++
		}
	}
	all := cell{Text: "yes", Tone: good}
	switch {
	case len(f.Outages()) == 0:
		all = cell{Text: "not known", Tone: unsure}
	case wrong > 0:
		all = cell{Text: fmt.Sprintf("NO, %d outside", wrong), Tone: bad}
	}
	law := bounds(f.Prediction.LawLowS, f.Prediction.LawHighS)
	if f.Prediction.Law != "" {
		law += ", " + f.Prediction.Law
	}
	return append(out, cell{Text: bounds(f.Prediction.LowS, f.Prediction.HighS)}, cell{Text: law}, all)
}

// partsRow has the outages of a fault as clients measured them, and the parts of an outage.
func (r *run) partsRow(e armEvidence, f series.FaultCycles) []cell {
	out := []cell{{Text: f.Fault}, r.intervalOf(e, "outage_s", f.Fault), r.intervalOf(e, "outage_due_s", f.Fault)}
	most, sum := 0, 0
	for _, c := range f.Cycles {
		most, sum = max(most, c.TriesFailed), sum+c.TriesFailed
	}
	out = append(out, cell{Text: fmt.Sprintf("%s, most %d", figure.Quantity(float64(sum)/float64(max(1, len(f.Cycles))), ""), most)})
	for _, base := range []string{"detect_s", "take_over_s", "reconnect_s", "replay_s"} {
		out = append(out, r.intervalOf(e, base, f.Fault))
	}
	return out
}

// intervalOf is a figure of a fault in an arm, with its interval if it has one.
func (r *run) intervalOf(e armEvidence, base, fault string) cell {
	for _, f := range r.Figures {
		if b, of, arm := r.split(f.Name); b == base && of == fault && arm == e.name {
			c := figureCell(f)
			c.Text = seconds(f.Value)
			if f.CILow != nil && f.CIHigh != nil && *f.CILow < *f.CIHigh {
				c.Text += " (" + bounds(*f.CILow, *f.CIHigh) + ")"
			}
			return c
		}
	}
	return cell{Text: "–"}
}

func bounds(low, high float64) string {
	if low == high {
		return seconds(low)
	}
	return seconds(low) + " – " + seconds(high)
}

// balancing shows how Nginx spread the requests over the app servers (DIS-9, SCN-21).
func (r *run) balancing() section {
	s := section{ID: "balancing", Title: "Requests by app server"}
	if slices.ContainsFunc(r.arms, func(e armEvidence) bool { return e.has(plotShares) }) {
		r.show(&s, plotShares)
	}
	if len(s.Blocks) == 0 {
		return s
	}
	var even, faults [][]cell
	for _, e := range r.arms {
		if !e.has(plotShares) {
			continue
		}
		var parts []string
		for _, name := range e.series.Shares.Names {
			parts = append(parts, name+" "+r.shareOf(e, "share", name))
		}
		even = append(even, row(e.name, strings.Join(parts, ", "), r.measured(e, "balance_max_min")))
		for _, fault := range faultNames(e.arm.Record.Windows) {
			if c := r.intervalOf(e, "ejected_after_s", fault); c.Text != "–" {
				faults = append(faults, append(row(e.name, fault), c, r.intervalOf(e, "readmitted_after_s", fault),
					cell{Text: r.shareOf(e, "share_in", fault)}, cell{Text: r.shareOf(e, "share_after", fault)}))
			}
		}
	}
	s.say("Counted before the first fault of an app server. The spread is even when largest over smallest is 1.")
	s.table([]string{"arm", "share of the requests", "largest over smallest#"}, even)
	if len(faults) > 0 {
		s.say("Ejected after: the time from the fault until the server's share, over half a second, is below a tenth of an even share. Back after: the time from the healing until " +
			"the share is at least half of an even one. Both are the longest of all windows. A server that was never ejected counts with the whole window.")
		s.table([]string{"arm", "fault", "ejected after, s#", "back after, s#", "share in the windows#", "share once back#"}, faults)
	}
	return s
}

// shareOf words a share of an arm as percent.
func (r *run) shareOf(e armEvidence, base, of string) string {
	for _, f := range r.Figures {
		if b, behind, arm := r.split(f.Name); b == base && behind == of && arm == e.name {
			return fmt.Sprintf("%.1f %%", 100*f.Value)
		}
	}
	return "not known"
}

func faultNames(windows []history.Window) []string {
	var out []string
	for _, w := range windows {
		if !slices.Contains(out, w.Fault) {
			out = append(out, w.Fault)
		}
	}
	return out
}
