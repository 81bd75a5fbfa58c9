package check

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// StaleAnswers judges the answers that a server marked as made from memory (STO-7). Only a
// text may get such an answer, only through the load balancer, which alone permits it, and
// only while no app server reaches the database. In that time texts must be answered. The age
// of a marked answer is not judged. Time in which the machine was full extends the bound after
// a window, and excuses a refusal.
type StaleAnswers struct {
	// Away are the faults that take the database from all app servers.
	Away []string
	// Min is how many texts there must be in each of their windows. Below it the checker is
	// inconclusive.
	Min int
}

// toldShare is the share of the tries of texts that have to be answered in a window. Some tries
// meet time limits on a slow machine, on which no invariant depends.
const toldShare = 0.9

// Name implements Checker.
func (StaleAnswers) Name() string { return "stale-answers" }

// Check implements Checker.
func (c StaleAnswers) Check(a *history.Arm) Finding {
	f := Finding{Verdict: history.Pass}
	var wrong, open offences
	away, m := c.windows(a), account.MachineOf(a)
	marked := 0
	known := func(fromS, toS float64) (*offences, bool) {
		if while(away, fromS, toS, lengthOf) {
			return nil, false
		}
		return charge(m, while(away, fromS, toS, m.Undrawn), &wrong, &open), true
	}
	for _, d := range a.Deliveries {
		if !account.Ours(a, d) || !account.TryAnswered(d) {
			continue
		}
		f.Checked++
		if !d.Stale {
			continue
		}
		marked++
		at := a.Seconds(d.At)
		if !account.MayBeStale(d) {
			wrong.add("try %d of %s %s at %.3f s was answered from memory", d.Try, d.Op, d.MsgID, at)
		} else if into, is := known(at, at+d.TookS); is {
			into.add("try %d of %s %s at %.3f s was answered from memory, while a server had the database", d.Try, d.Op, d.MsgID, at)
		}
	}
	for _, s := range a.Samples {
		of, ok := strings.CutPrefix(s.Probe, history.ProbeRead+".")
		if !ok || s.Name != history.SeriesStale || s.Error != "" {
			continue
		}
		if of != history.ReadService {
			wrong.add("%s answered from memory at %.3f s without leave", of, s.AtS)
		} else if into, is := known(s.AtS, s.AtS); is {
			into.add("%s answered from memory at %.3f s, while a server had the database", of, s.AtS)
		}
	}
	for _, w := range away {
		c.told(a, w, m, &wrong, &open)
	}
	if f.Checked == 0 {
		open.add("no try was answered")
	}
	if !f.decide(&wrong, &open) {
		f.Detail = fmt.Sprintf("%d of %d answers were made from memory, all of them for texts and without the database; texts were answered in %d such windows",
			marked, f.Checked, len(away))
	}
	return f
}

// windows are those in which no app server reached the database.
func (c StaleAnswers) windows(a *history.Arm) []history.Window {
	var out []history.Window
	for _, fault := range c.Away {
		for _, w := range account.WindowsOf(a.Record.Windows, fault) {
			if account.InEffect(w) {
				out = append(out, w)
			}
		}
	}
	return out
}

// while reports whether a stretch meets a window, or the time after it in which a server may
// not have heard yet that the database is back, as length counts it.
func while(away []history.Window, fromS, toS float64, length func(from, to float64) float64) bool {
	for _, w := range away {
		if toS >= account.Begins(w) && length(max(w.ToS, w.HealedS), fromS) < staleAfter {
			return true
		}
	}
	return false
}

// told judges whether texts were answered in a window.
func (c StaleAnswers) told(a *history.Arm, w history.Window, m account.Machine, wrong, open *offences) {
	texts := 0
	var refused []wl.Delivery
	for _, d := range a.Deliveries {
		if !account.Ours(a, d) || d.Op != history.KindText || !w.Contains(a.Seconds(d.At)) {
			continue
		}
		texts++
		if d.Status == http.StatusServiceUnavailable {
			refused = append(refused, d)
		}
	}
	switch {
	case float64(len(refused)) > (1-toldShare)*float64(texts):
		for _, d := range refused {
			at := a.Seconds(d.At)
			charge(m, m.FullIn(at, at+d.TookS), wrong, open).add("text %s at %.3f s was refused while no server had the database", d.MsgID, at)
		}
	case texts < cmp.Or(c.Min, 1):
		open.add("%d texts came in the window of %s at %.3f s, %d wanted", texts, w.Fault, w.FromS, cmp.Or(c.Min, 1))
	}
}
