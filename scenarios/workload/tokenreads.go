package workload

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"oalab/scenarios/history"
	"oalab/scenarios/load/profile"
)

// TokenReads is a load of reads of accounts' tokens at control nodes (SCN-12).
type TokenReads struct {
	// Accounts is how many accounts there are; all are read before the load, too.
	Accounts int
	// Begin is how old the tokens are when the load begins: the platform has issued them before the
	// run. 0: the first read makes the platform issue one, and the load begins at once.
	Begin time.Duration
	// Ready is how long before the load the accounts are read for the first time, on the reference
	// machine. A slower machine has longer.
	Ready time.Duration
}

// TokenPath is what the reads are for, for the report.
const TokenPath = "/control/v1/accounts/{account}/token"

// tokenWays are the ways of reads, each with its share of ten.
var tokenWays = []struct {
	way  string
	upTo int
}{{history.WayGRPC, 4}, {history.WayHTTP, 8}, {history.WayKept, 10}}

// TokenAccounts are the names of so many accounts.
func TokenAccounts(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("storm%06d", i)
	}
	return names
}

// PlanTokenReads makes the operations of a load of token reads: one for each arrival of the
// profile, each of an account at random. It depends on its arguments alone.
func PlanTokenReads(seed uint64, l TokenReads, p profile.Profile) ([]history.PlannedOp, error) {
	if l.Accounts < 1 {
		return nil, errors.New("plan: a load of token reads needs accounts")
	}
	count := profile.Count(p)
	if err := fits(count); err != nil {
		return nil, err
	}
	ops := make([]history.PlannedOp, count)
	if err := schedule(ops, p); err != nil {
		return nil, err
	}
	names := TokenAccounts(l.Accounts)
	rng := rand.New(rand.NewPCG(seed, 't'))
	for i := range ops {
		op := &ops[i]
		op.Seq, op.Kind, op.Key = uint64(i), history.KindTokenRead, names[rng.IntN(len(names))]
		draw := rng.IntN(10)
		for _, w := range tokenWays {
			if draw < w.upTo {
				op.Event = w.way
				break
			}
		}
	}
	return ops, nil
}
