package check

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/predict"
)

// Predicted judges that the outage of every cycle lies between the bounds that were predicted
// for its fault before the load (REP-9). From MinForLaw cycles on, the cycles of a fault must
// also follow the predicted law (predict.Fits), at LawLevel over all faults together. An
// outage beyond the bounds decides nothing if the machine was full, or if the probe was late
// by as much. A fault without a prediction is passed over. A prediction without cycles, and an
// arm without predictions, are inconclusive.
type Predicted struct {
	// MinCycles is how many cycles of each predicted fault must be known; 0 means 1.
	MinCycles int
}

const (
	// MinForLaw is the number of cycles from which a law is tested. With fewer cycles the test
	// finds only what lies outside of the prediction anyway.
	MinForLaw = 20
	// LawLevel is the probability that right settings fail.
	LawLevel = 0.01
)

// Name implements Checker.
func (Predicted) Name() string { return "prediction" }

// Verdict on one predicted fault.
type predicted struct {
	history.Prediction
	outages []float64
	outside []account.Cycle
	fit     predict.Fit
	tested  bool
}

// Check implements Checker.
func (p Predicted) Check(a *history.Arm) Finding {
	f := Finding{Verdict: history.Pass}
	if len(a.Record.Predictions) == 0 {
		f.Verdict, f.Detail = history.Inconclusive, "nothing was predicted before the load"
		return f
	}
	var wrong, open offences
	m, all := account.MachineOf(a), account.Messages(a)
	account.Weigh(a, m, all)
	var kind, harsh []account.Cycle
	if account.HasVIP(a) {
		kind, harsh = account.CyclesOf(a, all, account.Kindest), account.CyclesOf(a, all, account.Harshest)
	}
	faults := holdAgainst(a.Record.Predictions, account.Cycles(a))
	for i := range faults {
		e := &faults[i]
		f.Checked += len(e.outages)
		for _, c := range e.outside {
			if doubt := doubts(m, c.BeginS, c.EndS+account.SettleS, func() bool { return touches(c, e.Prediction, kind, harsh) }); doubt.text != "" {
				open.about = doubt.about
				open.add("%s at %.3f s: outage %.3f s, predicted %.3f to %.3f s; %s", e.Fault, c.FromS, c.ProbeS, e.LowS, e.HighS, doubt.text)
				continue
			}
			wrong.add("%s at %.3f s: outage %.3f s, predicted %.3f to %.3f s from %s", e.Fault, c.FromS, c.ProbeS, e.LowS, e.HighS, e.From)
		}
		if want := max(1, p.MinCycles); len(e.outages) < want {
			open.add("%d cycles of %s are known, %d wanted", len(e.outages), e.Fault, want)
		}
	}
	var laws strings.Builder
	for i, level := range corrected(faults) {
		e := &faults[i]
		if !e.tested {
			continue
		}
		fmt.Fprintf(&laws, "; law of %s: distance %.3f, p %.3g (n %d)", e.Fault, e.fit.Distance, level, e.fit.N)
		if level < LawLevel {
			add := wrong.add
			if len(m.Full) > 0 { // cycles that it drew out make another law
				add, open.about = open.add, history.ReasonMachine
			}
			add("%s does not follow the predicted law, uniform from %.3f to %.3f s: distance %.3f, p %.2g over %d cycles",
				e.Fault, e.LawLowS, e.LawHighS, e.fit.Distance, level, e.fit.N)
		}
	}
	if !f.decide(&wrong, &open) {
		f.Detail = fmt.Sprintf("%d cycles of %d faults are within their predictions", f.Checked, len(faults))
	}
	f.Detail += laws.String()
	return f
}

// touches reports whether the outage of a cycle could lie in a prediction, given how late
// the probe itself was. kind and harsh are all cycles in these views.
func touches(c account.Cycle, p history.Prediction, kind, harsh []account.Cycle) bool {
	of := func(all []account.Cycle) float64 {
		i := slices.IndexFunc(all, func(x account.Cycle) bool { return x.Fault == c.Fault && x.FromS == c.FromS })
		if i < 0 || math.IsNaN(all[i].ProbeS) {
			return c.ProbeS
		}
		return all[i].ProbeS
	}
	return min(of(kind), c.ProbeS) <= p.HighS && max(of(harsh), c.ProbeS) >= p.LowS
}

// holdAgainst holds the cycles of each fault against its prediction.
func holdAgainst(predictions []history.Prediction, cycles []account.Cycle) []predicted {
	out := make([]predicted, 0, len(predictions))
	for _, p := range predictions {
		if p.Probe != "" {
			continue // not of the virtual IP: WritesPredicted
		}
		e := predicted{Prediction: p}
		for _, c := range cycles {
			if c.Fault != p.Fault || math.IsNaN(c.ProbeS) {
				continue
			}
			e.outages = append(e.outages, c.ProbeS)
			if !c.Inside(p) {
				e.outside = append(e.outside, c)
			}
		}
		if p.Law != "" && len(e.outages) >= MinForLaw {
			e.fit, e.tested = predict.Fits(p, e.outages), true
		}
		out = append(out, e)
	}
	return out
}

// corrected are the p-values of the laws that were tested, after Holm (Scandinavian
// Journal of Statistics 6, 1979) for being several; 1 for those that were not.
func corrected(faults []predicted) []float64 {
	out := make([]float64, len(faults))
	var order []int
	for i, e := range faults {
		out[i] = 1
		if e.tested {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(x, y int) int {
		switch {
		case faults[x].fit.P < faults[y].fit.P:
			return -1
		case faults[x].fit.P > faults[y].fit.P:
			return 1
		}
		return 0
	})
	running := 0.0
	for rank, i := range order {
		running = max(running, min(1, faults[i].fit.P*float64(len(order)-rank)))
		out[i] = running
	}
	return out
}
