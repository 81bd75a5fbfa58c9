package check

import (
	"fmt"

	"oalab/scenarios/history"
)

// Replies holds that one message gets one reply: every answered try carries the
// same plaintext, CreateTime included, those whose answer a fault withheld too
// (CHA-6, MSG-6). Min is how many messages with two or more answered tries there
// must be; below it the checker is inconclusive.
type Replies struct{ Min int }

// Name implements Checker.
func (Replies) Name() string { return "replies" }

// Check implements Checker.
func (c Replies) Check(a *history.Arm) Finding {
	compared, wrong := compareReplies(messages(a))
	f := Finding{Verdict: history.Pass, Checked: compared, Violations: wrong.n}
	f.Detail = fmt.Sprintf("%d messages with two or more answered tries", compared)
	switch {
	case wrong.n > 0:
		f.Verdict = history.Fail
		f.Detail = fmt.Sprintf("%s; of %s", wrong.String(), f.Detail)
	case compared < c.Min:
		f.Verdict = history.Inconclusive
		f.Detail += fmt.Sprintf(", %d wanted", c.Min)
	}
	return f
}

// compareReplies counts the messages whose answered tries can be compared, and
// those of them whose replies differ.
func compareReplies(all []message) (compared int, wrong offences) {
	for i := range all {
		m := &all[i]
		var first, differs string
		n, firstTry, differsTry := 0, 0, 0
		for _, d := range m.tries {
			if !answered(d) {
				continue
			}
			n++
			switch {
			case n == 1:
				first, firstTry = d.Reply, d.Try
			case d.Reply != first && differsTry == 0:
				differs, differsTry = d.Reply, d.Try
			}
		}
		if n < 2 {
			continue
		}
		compared++
		if differsTry > 0 {
			x, y := aroundDifference(first, differs)
			wrong.add("replies differ: %s, try %d %q, try %d %q", m.name(), firstTry, x, differsTry, y)
		}
	}
	return compared, wrong
}

// aroundDifference shortens two replies to where they part; the deliveries have
// them whole.
func aroundDifference(a, b string) (string, string) {
	x, y := []rune(a), []rune(b)
	at := 0
	for at < len(x) && at < len(y) && x[at] == y[at] {
		at++
	}
	return cut(x, at), cut(y, at)
}

func cut(r []rune, at int) string {
	const before, after = 20, 60
	from, to := max(0, at-before), min(len(r), at+after)
	s := string(r[from:to])
	if from > 0 {
		s = "…" + s
	}
	if to < len(r) {
		s += "…"
	}
	return s
}
