package check

import (
	"context"
	"fmt"

	"oalab/scenarios/account"
	"oalab/scenarios/fairness"
	"oalab/scenarios/history"
)

// Fairness checks that followers received amounts as the allocator promises (CAM-3, REP-6), by
// the rows of packets that were grabbed to the last share. Each kind of packet is examined on its
// own: total and minimum, means, law, and the draws by their probability integral transform, all
// under Holm's correction. Equal packets must have equal shares.
type Fairness struct {
	// Allocator divides the random packets.
	Allocator string
	// Min is how many packets the largest kind must have at least; below, the checker is
	// inconclusive.
	Min int
}

// Name implements Checker.
func (Fairness) Name() string { return "fairness" }

// Check implements Checker.
func (c Fairness) Check(a *history.Arm) Finding {
	var wrong, open offences
	hosts := account.PacketHosts(a)
	if len(hosts) == 0 {
		open.add("no packets were read")
	}
	f := Finding{}
	largest, findings := 0, 0
	for _, host := range hosts {
		kinds, equal := account.Splits(account.PacketRows(a, host))
		for _, p := range equal {
			f.Checked++
			for _, s := range p.Shares {
				if s.Units*int64(p.Count) != p.Units {
					wrong.add("not equal: packet %s has a share of %d units, %d over %d", p.Serial, s.Units, p.Units, p.Count)
					break
				}
			}
			largest = max(largest, len(equal))
		}
		report, err := fairness.ExamineRows(context.Background(), c.Allocator, kinds)
		if err != nil {
			open.add("the packets of %s cannot be examined: %v", host, err)
			continue
		}
		for _, k := range kinds {
			f.Checked += len(k.Splits)
			largest = max(largest, len(k.Splits))
		}
		findings = max(findings, len(report))
		for _, x := range report {
			switch {
			case x.Claimed && x.Verdict == fairness.Convicted, x.Verdict != fairness.NotProven && !x.AsExpected():
				wrong.add("%s at %s: %s: %s, %s", c.Allocator, x.Setting, x.Charge, x.Verdict, x.Detail)
			case x.Claimed && x.Verdict == fairness.NotProven:
				open.add("%s at %s: %s: %s, %s", c.Allocator, x.Setting, x.Charge, x.Verdict, x.Detail)
			}
		}
	}
	if largest < max(c.Min, 1) {
		open.add("%d packets of one kind, %d wanted", largest, max(c.Min, 1))
	}
	if !f.decide(&wrong, &open) {
		f.Verdict, f.Detail = history.Pass, fmt.Sprintf("%d findings on %d packets, %d of one kind", findings, f.Checked, largest)
	}
	return f
}
