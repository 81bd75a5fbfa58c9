package check

import (
	"fmt"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// Replies checks that one message gets one reply (CHA-6, MSG-6): all answered tries carry the
// same plaintext, CreateTime included, also those whose answer a fault withheld. A text whose
// answer is marked as made from memory may get another one once the database is back (STO-7).
// Below Min messages with two or more answered tries the checker is inconclusive.
type Replies struct{ Min int }

// Name implements Checker.
func (Replies) Name() string { return "replies" }

// Check implements Checker.
func (c Replies) Check(a *history.Arm) Finding {
	compared, differ := account.CompareReplies(account.Messages(a))
	var wrong offences
	for _, d := range differ {
		x, y := aroundDifference(d.Replies[0], d.Replies[1])
		wrong.add("replies differ: %s, try %d %q, try %d %q", d.Message.Name(), d.Tries[0], x, d.Tries[1], y)
	}
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

// aroundDifference shortens two replies to the place where they differ. The deliveries have
// the whole replies.
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
