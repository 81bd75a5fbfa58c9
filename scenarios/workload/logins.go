package workload

import (
	"fmt"
	"math/rand/v2"
	"time"

	"oalab/scenarios/history"
	"oalab/scenarios/load/profile"
)

// Logins is a load of followers who open a shared link to a page behind the login (SCN-13).
type Logins struct {
	// Again is after how long at the earliest a follower comes again.
	Again time.Duration
	// Forwarded is the share of the new followers who first open a link that another
	// follower has passed on: the unused way back from the consent page.
	Forwarded float64
	// Sticky lets the load balancer send a follower to the same server each time, as ip_hash
	// does. Otherwise the servers take turns.
	Sticky bool
}

// againShare is the share of the arrivals that are a second visit, where a follower is there
// for it.
const againShare = 0.5

// PlanLogins makes the operations of a load of logins: one for each arrival of the profile. It
// depends on its arguments alone. A follower comes twice at most. A sender of links does
// nothing else.
func PlanLogins(seed uint64, l Logins, pop Population, p profile.Profile) ([]history.PlannedOp, error) {
	if err := pop.validate(); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	count := profile.Count(p)
	if err := fits(count); err != nil {
		return nil, err
	}
	ops := make([]history.PlannedOp, count)
	if err := schedule(ops, p); err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(seed, 'l'))
	fresh, sender := 0, pop.Size-1 // the next ones; they come closer to each other
	var back []int                 // operations whose followers may come again, oldest first
	for i := range ops {
		op := &ops[i]
		op.Seq, op.Kind = uint64(i), history.KindLogin
		again, forwarded := rng.Float64() < againShare, rng.Float64() < l.Forwarded
		if again && len(back) > 0 && ops[back[0]].DueS+l.Again.Seconds() <= op.DueS {
			op.Event, op.OpenID = history.VisitAgain, ops[back[0]].OpenID
			back = back[1:]
			continue
		}
		if fresh >= sender {
			return nil, fmt.Errorf("plan: operation %d: all %d followers have come: add followers", i, pop.Size)
		}
		op.Event, op.OpenID = history.VisitFirst, pop.OpenID(fresh)
		fresh++
		if forwarded {
			op.Event, op.Key = history.VisitForwarded, pop.OpenID(sender)
			sender--
		}
		back = append(back, i)
	}
	return ops, nil
}
