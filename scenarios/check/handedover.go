package check

import (
	"fmt"
	"strings"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// HandedOver checks that a query whose answer was put off reaches its follower once, by a
// customer-service message (MSG-5, MSG-6): as many messages as the follower was promised, by
// the platform's ledger. It is for arms in which no server dies: the platform swallows no
// repeat of these messages, so that a server that dies while it sends one sends it again.
// Below Min queries that were handed over the checker is inconclusive, and so is a missing
// message before the system has come to rest.
type HandedOver struct{ Min int }

// Name implements Checker.
func (HandedOver) Name() string { return "handed-over" }

// Check implements Checker.
func (c HandedOver) Check(a *history.Arm) Finding {
	var wrong offences
	promised, delivered, missing := 0, 0, 0
	rest := account.AtRest(a)
	for _, p := range account.Promises(a, account.Messages(a)) {
		promised, delivered = promised+p.HandedOver, delivered+p.Delivered
		switch {
		case p.Delivered > p.HandedOver+p.Open:
			wrong.add("openid %s was promised %d answers and got %d", p.OpenID, p.HandedOver, p.Delivered)
		case p.Delivered < p.HandedOver && rest:
			wrong.add("openid %s was promised %d answers and got only %d", p.OpenID, p.HandedOver, p.Delivered)
		case p.Delivered < p.HandedOver:
			missing += p.HandedOver - p.Delivered
		}
	}
	var short []string
	if promised < c.Min {
		short = append(short, fmt.Sprintf("%d wanted", c.Min))
	}
	if missing > 0 {
		short = append(short, fmt.Sprintf("%d answers are missing, but the system had not come to rest", missing))
	}
	f := Finding{Verdict: history.Pass, Checked: promised, Violations: wrong.n}
	f.Detail = fmt.Sprintf("%d queries handed over, %d answers delivered later", promised, delivered)
	switch {
	case wrong.n > 0:
		f.Verdict = history.Fail
		f.Detail = wrong.String() + "; of " + f.Detail
	case len(short) > 0:
		f.Verdict = history.Inconclusive
		f.Detail += ", " + strings.Join(short, ", ")
	}
	return f
}
