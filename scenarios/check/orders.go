package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"oalab/scenarios/history"
)

// Orders holds that every order acknowledged to a follower is done exactly once at
// the carrier (or refused there), and told to that follower exactly once; that no
// order, acknowledged or not, is done twice; and that the carrier did nothing that
// nobody ordered (CHA-6, SCN-9, SCN-14). Calls that a ledger recognised as repeated
// are listed and are no violation.
//
// Loss can be told from delay only when the system has come to rest; before that, a
// missing effect or telling is inconclusive.
type Orders struct {
	// Min is how many acknowledged orders the arm must have.
	Min int
	// MinPerWindow is how many orders due in each window of a fault must have been
	// acknowledged, by the name of the fault.
	MinPerWindow map[string]int
}

// Name implements Checker.
func (Orders) Name() string { return "orders" }

// Check implements Checker.
func (c Orders) Check(a *history.Arm) Finding {
	b := openBooks(a, messages(a))
	if o := b.ambiguous; o != nil {
		return Finding{
			Verdict: history.Inconclusive,
			Detail: fmt.Sprintf("%s: another planned order has phone %s and code %s too, so effects cannot be told apart",
				o.name(), o.plan.Phone, o.plan.Code),
		}
	}
	broken, open := b.judge(settled(a))
	short := append(c.short(a, b), open...)

	f := Finding{Verdict: history.Pass, Checked: b.count((*order).isAcknowledged), Violations: broken.n}
	f.Detail = b.summary()
	switch {
	case broken.n > 0:
		f.Verdict = history.Fail
		f.Detail = broken.String() + "; of " + f.Detail
	case len(short) > 0:
		f.Verdict = history.Inconclusive
		f.Detail = strings.Join(short, "; ") + "; of " + f.Detail
	}
	return f
}

// judge finds what is broken and, while the system is not at rest, what is open.
// Each order counts once for its effects and once for its tellings.
func (b *books) judge(rest bool) (broken offences, open []string) {
	waiting := 0
	for i := range b.orders {
		o := &b.orders[i]
		what := fmt.Sprintf("%s serial %s", o.name(), cmp.Or(o.acknowledged, "unacknowledged"))
		switch {
		case o.doubled():
			broken.add("doubled: %s, %d effects on phone %s code %s", what, o.applied, o.plan.Phone, o.plan.Code)
		case o.lost() && rest:
			broken.add("lost: %s, refused %d times at the carrier", what, o.refused)
		case o.lost():
			waiting++
		}
		switch {
		case o.toldOther != "":
			broken.add("told to another follower: %s, told to %s", what, o.toldOther)
		case o.neverTold() && !o.lost() && rest:
			broken.add("told never: %s", what)
		case o.neverTold() && !o.lost():
			waiting++
		}
	}
	for _, t := range b.toldTwice {
		broken.add("told %d times: openid %s serial %s", t.times, t.openid, t.serial)
	}
	for _, e := range b.unexpected {
		broken.add("unexpected effect: phone %s code %s serial %s, which nobody ordered", e.Phone, e.Code, e.Serial)
	}
	if waiting > 0 {
		open = append(open, fmt.Sprintf("%d acknowledged orders are neither done nor told, but the system had not come to rest", waiting))
	}
	return broken, open
}

// short words every minimum of observations that is not reached.
func (c Orders) short(a *history.Arm, b *books) []string {
	var out []string
	if n := b.count((*order).isAcknowledged); n < c.Min {
		out = append(out, fmt.Sprintf("%d orders acknowledged, %d wanted", n, c.Min))
	}
	faults := make([]string, 0, len(c.MinPerWindow))
	for fault := range c.MinPerWindow {
		faults = append(faults, fault)
	}
	slices.Sort(faults)
	for _, fault := range faults {
		windows := windowsOf(a.Record.Windows, fault)
		if len(windows) == 0 {
			out = append(out, fmt.Sprintf("no window of fault %s", fault))
		}
		for i, w := range windows {
			n := b.count(func(o *order) bool { return o.isAcknowledged() && w.Contains(o.due) })
			if want := c.MinPerWindow[fault]; n < want {
				out = append(out, fmt.Sprintf("%d orders acknowledged in window %d of %s, %d wanted", n, i+1, fault, want))
			}
		}
	}
	return out
}

func (b *books) summary() string {
	return fmt.Sprintf("%d orders planned, %d acknowledged, %d done, %d told; repeated and harmless: %d calls at the carrier, %d tellings; %d tellings of orders whose serial nobody read",
		len(b.orders), b.count((*order).isAcknowledged), b.count(func(o *order) bool { return o.applied > 0 }), b.telling,
		b.repeatedCalls, b.repeatedTold, b.strayTold)
}

// windowsOf selects the windows of one fault, in the order in which they came.
func windowsOf(windows []history.Window, fault string) []history.Window {
	var out []history.Window
	for _, w := range windows {
		if w.Fault == fault {
			out = append(out, w)
		}
	}
	return out
}
