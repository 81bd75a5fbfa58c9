package check

import (
	"fmt"
	"slices"
	"strings"

	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// Replies checks that one message gets one reply (CHA-6, MSG-6): all answered tries carry the
// same plaintext, CreateTime included, also those whose answer a fault withheld. A text whose
// answer is marked as made from memory may get another one once the database is back (STO-7).
// A message that asks for a reply of a kind gets one of that kind.
// Below Min messages with two or more answered tries the checker is inconclusive.
type Replies struct {
	Min int
	// EachKind is how many messages must ask for a reply of each kind (history.ReplyKinds) and
	// have all three tries answered. 0 asks for none.
	EachKind int
	// Elsewhere is how many messages must have had tries answered by different servers.
	Elsewhere int
}

// Name implements Checker.
func (Replies) Name() string { return "replies" }

// Check implements Checker.
func (c Replies) Check(a *history.Arm) Finding {
	all := account.Messages(a)
	compared, differ := account.CompareReplies(all)
	var wrong offences
	for _, d := range differ {
		x, y := aroundDifference(d.Replies[0], d.Replies[1])
		wrong.add("replies differ: %s, try %d %q, try %d %q", d.Message.Name(), d.Tries[0], x, d.Tries[1], y)
	}
	thrice := map[string]int{}
	for i := range all {
		m := &all[i]
		want := m.Plan.Reply
		if want == "" {
			continue
		}
		if m.AnsweredTries() == mostTries {
			thrice[want]++
		}
		if t := slices.IndexFunc(m.Tries, func(d wl.Delivery) bool { return account.TryAnswered(d) && account.ReplyKind(d.Reply) != want }); t >= 0 {
			wrong.add("%s asks for a reply of kind %s, try %d got %q", m.Name(), want, m.Tries[t].Try, shortened(m.Tries[t].Reply))
		}
	}
	f := Finding{Verdict: history.Pass, Checked: compared, Violations: wrong.n}
	f.Detail = fmt.Sprintf("%d messages with two or more answered tries", compared)
	var short []string
	if c.Elsewhere > 0 {
		elsewhere := 0
		for i := range all {
			elsewhere += stat.Indicator(len(all[i].AnsweredBy()) > 1)
		}
		f.Detail += fmt.Sprintf(", %d by different servers", elsewhere)
		if elsewhere < c.Elsewhere {
			short = append(short, fmt.Sprintf("%d by different servers wanted", c.Elsewhere))
		}
	}
	if compared < c.Min {
		short = append(short, fmt.Sprintf("%d wanted", c.Min))
	}
	if c.EachKind > 0 {
		var kinds []string
		for _, kind := range history.ReplyKinds() {
			kinds = append(kinds, fmt.Sprintf("%s %d", kind, thrice[kind]))
			if thrice[kind] < c.EachKind {
				short = append(short, fmt.Sprintf("%d of kind %s with three wanted", c.EachKind, kind))
			}
		}
		f.Detail += "; with three, by the kind that is asked for: " + strings.Join(kinds, ", ")
	}
	switch {
	case wrong.n > 0:
		f.Verdict = history.Fail
		f.Detail = fmt.Sprintf("%s; of %s", wrong.String(), f.Detail)
	case len(short) > 0:
		f.Verdict = history.Inconclusive
		f.Detail += ", " + strings.Join(short, ", ")
	}
	return f
}

// mostTries is how often the platform delivers a message.
const mostTries = 3

// shortened is the beginning of a reply.
func shortened(reply string) string { return cut([]rune(reply), 0) }

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
