package check

import (
	"cmp"
	"fmt"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// ReadYourWrites judges how fresh answers are (STO-7), by a keyword that was changed and
// asked for while the arm ran (history.ProbeUpdate, history.ProbeRead). A read that began
// BoundS or longer after the acknowledgement of a write shows that version or a later one,
// at every server. A version that a server has shown is the least that this server shows
// from then on, and that every other one shows BoundS later, also if its write was never
// acknowledged. A write with an unknown outcome may show or not. Time in which the machine
// was full extends the bound between servers, but not at one server. An answer that is
// marked as made from memory may show any version; StaleAnswers judges where it may be given.
type ReadYourWrites struct {
	// BoundS is how old an answer may be, in seconds; 0 means 3, the server's own bound.
	BoundS float64
	// Reads is how many reads of each server there must be that could have been too old,
	// Writes how many acknowledged writes. Below either the checker is inconclusive.
	Reads, Writes int
}

// staleAfter is what the server promises, in seconds (docs/design/copies.md).
const staleAfter = 3.0

// Name implements Checker.
func (ReadYourWrites) Name() string { return "read-your-writes" }

// Check implements Checker.
func (c ReadYourWrites) Check(a *history.Arm) Finding {
	bound := cmp.Or(c.BoundS, staleAfter)
	writes, reads := account.Versions(a.Samples, history.ProbeUpdate), account.Readings(a.Samples)
	m := account.MachineOf(a)
	f := Finding{Verdict: history.Pass}
	var wrong, open offences
	for _, of := range account.AskedServers(a.Samples) {
		decided := 0
		for _, r := range reads {
			if r.Of != of || r.Stale {
				continue
			}
			must, why := demanded(r, bound, writes, reads, lengthOf)
			switch {
			case must.Version == 0:
				continue
			case r.Version < must.Version:
				surely, _ := demanded(r, bound, writes, reads, m.Undrawn)
				charge(m, r.Version >= surely.Version, &wrong, &open).add("%s showed version %d to a message begun at %.3f s, after version %d was %s %.3f s",
					of, r.Version, r.FromS, must.Version, why, must.ToS)
			}
			decided++
		}
		f.Checked += decided
		if decided < max(c.Reads, 1) {
			open.add("%d reads of %s could be decided, %d wanted", decided, of, max(c.Reads, 1))
		}
	}
	if len(writes) < max(c.Writes, 1) {
		open.add("%d writes were acknowledged, %d wanted", len(writes), max(c.Writes, 1))
	}
	if f.Checked == 0 {
		open.add("no server was asked")
	}
	if !f.decide(&wrong, &open) {
		f.Detail = fmt.Sprintf("%d reads over %d acknowledged writes, none older than %g s", f.Checked, len(writes), bound)
	}
	return f
}

// lengthOf is how long it is from one moment to another.
func lengthOf(from, to float64) float64 { return to - from }

// demanded is the least version that a read has to show, and how that version was known at
// its toS. Version 0: the read may show anything. The bound is a time as length counts it.
func demanded(r account.Versioned, bound float64, writes, reads []account.Versioned, length func(from, to float64) float64) (must account.Versioned, why string) {
	for _, w := range writes {
		if w.Version > must.Version && length(w.ToS, r.FromS) >= bound {
			must, why = w, "acknowledged at"
		}
	}
	for _, other := range reads {
		patience := bound
		if other.Of == r.Of && r.Of != history.ReadService {
			patience = 0
		}
		if other.Version > must.Version && length(other.ToS, r.FromS) >= patience {
			must, why = other, "shown by "+other.Of+" at"
		}
	}
	return must, why
}
