package check

import (
	"cmp"
	"fmt"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// ReadYourWrites judges how fresh answers are (STO-7), by a keyword that was changed and
// asked for while the arm ran (history.ProbeUpdate, history.ProbeRead). A read that was
// begun BoundS or longer after the acknowledgement of a write shows that version or a
// later one, whoever answers. And nobody reads backwards: not from one server, once it
// has answered, and not from another one BoundS later, even where what was shown was
// never acknowledged. A write whose outcome is not known may show or not. Time in which
// the machine was full draws the bound out; what one server has shown it shows again. An
// answer that is marked as made from memory may show any version (StaleAnswers says where
// one may be).
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
		open.add("nobody was asked")
	}
	if !f.decide(&wrong, &open) {
		f.Detail = fmt.Sprintf("%d reads over %d acknowledged writes, none older than %g s", f.Checked, len(writes), bound)
	}
	return f
}

// lengthOf is how long it is from one moment to another.
func lengthOf(from, to float64) float64 { return to - from }

// demanded is the version that a read has to show at least, and what had become of it
// by its toS. Its version is 0 when the read may show anything. The bound is a time as
// length counts it.
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
