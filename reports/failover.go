package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"oalab/reports/series"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
)

// failover shows what became of the virtual IP: outages as distributions beside what
// was predicted of them, and one cycle of each fault from near (REP-2, REP-8, REP-9).
func (r *run) failover() section {
	s := section{ID: "failover", Title: "Failover"}
	ofVIP := func(e armEvidence) bool { return e.has(plotFailover) && !e.series.Failover.Writes }
	if !slices.ContainsFunc(r.arms, ofVIP) {
		return s
	}
	s.say("A cycle is one window of a fault; each comes at another moment of the system's own timers. An outage lasts from " +
		"when the first request of the probe was asked that nobody answered until the first was asked that was answered: a new " +
		"connection every 10 ms, given up after 200 ms. The way back of the address after a fault is a cycle of fail-back. " +
		"All times are in seconds; behind a median or a percentile stands its 95 %% interval, where there are enough cycles for one.")
	s.list([]prose{
		text("Predicted: what the settings of keepalived let expect, computed before the load. The wider bounds include what measuring may add or take off."),
		text("Parts, as medians: detected (the other host has the address), taken over (the first request is answered), reconnected (the first " +
			"try of a client is over with success), replayed (everything is over that was due before the outage ended)."),
		text("By clients: from the start of one successful delivery to that of the next. By due time: without a message that was answered within %s of its due time.",
			check.Quantity(check.AnsweredWithinS, "s")),
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

// outageRow is the outages of a fault by the probe beside what was predicted.
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

// partsRow is the outages of a fault as clients felt them, and in parts.
func (r *run) partsRow(e armEvidence, f series.FaultCycles) []cell {
	out := []cell{{Text: f.Fault}, r.intervalOf(e, "outage_s", f.Fault), r.intervalOf(e, "outage_due_s", f.Fault)}
	most, sum := 0, 0
	for _, c := range f.Cycles {
		most, sum = max(most, c.TriesFailed), sum+c.TriesFailed
	}
	out = append(out, cell{Text: fmt.Sprintf("%s, most %d", check.Quantity(float64(sum)/float64(max(1, len(f.Cycles))), ""), most)})
	for _, base := range []string{"detect_s", "take_over_s", "reconnect_s", "replay_s"} {
		out = append(out, r.intervalOf(e, base, f.Fault))
	}
	return out
}

// intervalOf is a figure of a fault in an arm, with its interval if it has one.
func (r *run) intervalOf(e armEvidence, base, fault string) cell {
	for _, f := range r.Figures {
		if b, of, arm := r.split(f.Name); b == base && of == fault && arm == e.name {
			c := figure(f)
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
	s.say("Before the first fault of an app server. Even is a largest over smallest of 1.")
	s.table([]string{"arm", "share of the requests", "largest over smallest#"}, even)
	if len(faults) > 0 {
		s.say("Ejected: the server's share over half a second fell below a tenth of an even one, after the fault was seen. Back: at least half of " +
			"an even one, after it was healed. The longest of the windows; a server that was never ejected counts with the whole window.")
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

// meaningOfCycles explains the figures of the cycles of a fault and of app servers
// behind Nginx.
func meaningOfCycles(base string) string {
	return map[string]string{
		"cycles":              "how often the fault was repeated",
		"tries_unexplained":   "tries that failed beyond one for each connection that was open, and not while nobody answered",
		"outage_probe_s":      "longest time in which the probe of the virtual IP got no answer",
		"outage_due_s":        "longest time without a message answered within 0.2 s of its due time",
		"outage_median_s":     "half of the outages by the probe were no longer",
		"outage_p95_s":        "95 of 100 outages by the probe were no longer",
		"detect_s":            "from the first request without an answer until another host has the address, median",
		"take_over_s":         "from then until a request is answered, median",
		"reconnect_s":         "from then until a client's try is over with success, median",
		"replay_s":            "from then until everything due before is over, median",
		"share":               "share of the requests, before any app server had a fault, that went to",
		"balance_max_min":     "requests of the busiest app server over those of the idlest, before any of them had a fault",
		"ejected_after_s":     "until Nginx gave the app server nothing more, longest of the windows",
		"readmitted_after_s":  "from when the app server was healed until it was given requests again, longest of the windows",
		"share_in":            "share of the requests that the app server got in the windows",
		"share_after":         "share of the requests that the app server got once it was back",
		"config_drift":        "lines of configuration that only one of the load balancers has",
		"write_outage_s":      "longest time between two acknowledged canary writes of the group core, while the fault was in effect",
		"write_outage_back_s": "the same, while the master came back",
	}[base]
}

// ofCycles reports whether a figure belongs to the windows of a fault themselves, not
// to the messages that were due in them.
func ofCycles(base string) bool { return meaningOfCycles(base) != "" }
