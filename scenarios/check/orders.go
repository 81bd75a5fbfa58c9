package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// Orders checks orders of products and packages by the ledgers of the mocks (CHA-6, SCN-9,
// SCN-14). An order that was acknowledged to a follower is done exactly once at the carrier, or
// refused there, and told to that follower exactly once. One that the follower read to be
// cancelled is never done. No order is done twice, and no data is given twice under a serial. The carrier does nothing that was
// not ordered. Calls that a ledger recognised as repeated are listed and are no violation.
//
// Loss can be told from delay only when the system has come to rest. Before that a missing
// effect or telling is inconclusive.
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
	b := account.OpenBooks(a, account.Messages(a))
	if o := b.Ambiguous; o != nil {
		return Finding{
			Verdict: history.Inconclusive,
			Detail: fmt.Sprintf("%s: another planned order has phone %s and code %s too, so effects cannot be told apart",
				o.Name(), o.Plan.Phone, o.Plan.Code),
		}
	}
	broken, open := judgeBooks(b, account.AtRest(a))
	short := append(c.short(a, b), open...)

	f := Finding{Verdict: history.Pass, Checked: b.Count((*account.Order).IsAcknowledged), Violations: broken.n}
	f.Detail = summary(b)
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

// judgeBooks finds what is broken and, while the system is not at rest, what is open.
// Each order counts once for its effects and once for its tellings.
func judgeBooks(b *account.Books, rest bool) (broken offences, open []string) {
	waiting := 0
	for i := range b.Orders {
		o := &b.Orders[i]
		what := fmt.Sprintf("%s serial %s", o.Name(), cmp.Or(o.Acknowledged, "unacknowledged"))
		switch {
		case o.DoneThoughCancelled():
			broken.add("done though cancelled: %s, %d effects on phone %s code %s", what, o.Applied, o.Plan.Phone, o.Plan.Code)
		case o.Doubled():
			broken.add("doubled: %s, %d effects on phone %s code %s", what, o.Applied, o.Plan.Phone, o.Plan.Code)
		case o.Lost() && rest:
			broken.add("lost: %s, refused %d times at the carrier", what, o.Refused)
		case o.Lost():
			waiting++
		}
		switch {
		case o.ToldOther != "":
			broken.add("told to another follower: %s, told to %s", what, o.ToldOther)
		case o.NeverTold() && !o.Lost() && rest:
			broken.add("told never: %s", what)
		case o.NeverTold() && !o.Lost():
			waiting++
		}
	}
	for _, t := range b.ToldTwice {
		broken.add("told %d times: openid %s serial %s", t.Times, t.OpenID, t.Serial)
	}
	for _, e := range b.DataTwice {
		broken.add("doubled: data of serial %s, %d MB for phone %s", e.Serial, e.MB, e.Phone)
	}
	for _, e := range b.Unexpected {
		broken.add("unexpected effect: phone %s code %s serial %s, which was never ordered", e.Phone, e.Code, e.Serial)
	}
	if waiting > 0 {
		open = append(open, fmt.Sprintf("%d acknowledged orders are neither done nor told, but the system had not come to rest", waiting))
	}
	return broken, open
}

// short words every minimum of observations that is not reached.
func (c Orders) short(a *history.Arm, b *account.Books) []string {
	var out []string
	if n := b.Count((*account.Order).IsAcknowledged); n < c.Min {
		out = append(out, fmt.Sprintf("%d orders acknowledged, %d wanted", n, c.Min))
	}
	faults := make([]string, 0, len(c.MinPerWindow))
	for fault := range c.MinPerWindow {
		faults = append(faults, fault)
	}
	slices.Sort(faults)
	for _, fault := range faults {
		windows := account.WindowsOf(a.Record.Windows, fault)
		if len(windows) == 0 {
			out = append(out, fmt.Sprintf("no window of fault %s", fault))
		}
		for i, w := range windows {
			n := b.Count(func(o *account.Order) bool { return o.IsAcknowledged() && w.Contains(o.DueS) })
			if want := c.MinPerWindow[fault]; n < want {
				out = append(out, fmt.Sprintf("%d orders acknowledged in window %d of %s, %d wanted", n, i+1, fault, want))
			}
		}
	}
	return out
}

func summary(b *account.Books) string {
	return fmt.Sprintf("%d orders planned, %d acknowledged, %d done, %d told; repeated and harmless: %d calls at the carrier, %d tellings; %d tellings of orders whose serial was not read",
		len(b.Orders), b.Count((*account.Order).IsAcknowledged), b.Count(func(o *account.Order) bool { return o.Applied > 0 }), b.Told,
		b.RepeatedCalls, b.RepeatedTold, b.StrayTold)
}
