package check

import (
	"fmt"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// TokenReads checks what control nodes handed out, as the readers of all nodes and the platform
// saw it (CTL-1, CTL-6, CTL-8, SCN-12):
//
//   - No read is given a token that was dead when the read began: one that had reached its promised
//     end, or that was replaced and whose overlap was over.
//   - No read is given a token that the platform never issued to the account.
//   - No read fails while a token lives that an answer of the platform has brought. On a full
//     machine such a failure decides nothing.
//
// How often tokens were issued is the matter of Tokens.
type TokenReads struct {
	// Min is the least number of reads, Renewed the least number of accounts whose reads got
	// first one token and later the next one. Below, the checker is inconclusive.
	Min, Renewed int
	// MinPerWindow is how many reads must have begun in each window of a fault, by its name.
	MinPerWindow map[string]int
	// MayFail lets reads fail that have been given nothing. It is for drills whose fault takes
	// more than the system is to withstand.
	MayFail bool
}

// Name implements Checker.
func (TokenReads) Name() string { return "token-reads" }

// Check implements Checker.
func (c TokenReads) Check(a *history.Arm) Finding {
	var wrong, open offences
	m := account.MachineOf(a)
	reads := account.TokenReads(a)
	failed := 0
	for _, r := range reads {
		switch r.Fate {
		case account.ReadGood:
		case account.ReadDead:
			wrong.add("dead token: %s of account %s was handed out over %s at %.2f s, dead since %.2f s", short(r.Token), r.Account, r.Way, r.AtS, r.Of.DeadS)
		case account.ReadStrange:
			wrong.add("unknown token: %s was handed out over %s for account %s at %.2f s, and never issued to it", short(r.Token), r.Way, r.Account, r.AtS)
		case account.ReadFailed:
			failed++
			if !c.MayFail {
				charge(m, m.FullIn(r.AtS-1, r.EndS()), &wrong, &open).
					add("failed: read of account %s over %s at %.2f s, while a token lived: %s", r.Account, r.Way, r.AtS, r.Error)
			}
		case account.ReadVain:
			failed++
			if !c.MayFail {
				open.add("no token lived: read of account %s over %s at %.2f s: %s", r.Account, r.Way, r.AtS, r.Error)
			}
		}
	}
	renewed := renewedAccounts(reads)
	c.enough(a, reads, renewed, &open)
	f := Finding{Checked: len(reads)}
	if !f.decide(&wrong, &open) {
		f.Verdict = history.Pass
		f.Detail = fmt.Sprintf("%d reads, %d without a token, %d accounts whose token was renewed", len(reads), failed, renewed)
	}
	return f
}

// enough enters what is missing for a verdict.
func (c TokenReads) enough(a *history.Arm, reads []account.TokenRead, renewed int, open *offences) {
	if n := max(c.Min, 1); len(reads) < n {
		open.add("%d reads, %d wanted", len(reads), n)
	}
	if renewed < c.Renewed {
		open.add("%d accounts whose token was renewed, %d wanted", renewed, c.Renewed)
	}
	seen := map[uint64]bool{}
	for _, r := range reads {
		seen[r.Seq] = true
	}
	for _, op := range a.Operations {
		if !seen[op.Seq] && op.Status != 0 {
			open.add("operation %d was answered, and there is no read of it", op.Seq)
		}
	}
	for _, w := range a.Record.Windows {
		if n := len(account.ReadsIn(reads, w)); n < c.MinPerWindow[w.Fault] {
			open.add("%d reads in the window of %s at %.1f s, %d wanted", n, w.Fault, w.FromS, c.MinPerWindow[w.Fault])
		}
	}
}

// renewedAccounts counts the accounts whose reads got more than one token.
func renewedAccounts(reads []account.TokenRead) int {
	first, renewed := map[string]string{}, map[string]bool{}
	for _, r := range reads {
		switch {
		case r.Token == "":
		case first[r.Account] == "":
			first[r.Account] = r.Token
		case first[r.Account] != r.Token:
			renewed[r.Account] = true
		}
	}
	return len(renewed)
}
