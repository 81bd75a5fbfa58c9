package fairness

import (
	"context"
	"fmt"

	"oalab/scenarios/account"
	"oalab/server/redpacket"
)

// leastRows is how many packets of a kind are examined by tests; fewer are only counted.
const leastRows = 100

// rowsAlpha is the level of convicting an innocent server of anything, in one database of one run:
// its packets are others in each run, and runs are many.
const rowsAlpha = 1e-4

// margins are those that the equality of means may be shown within, in rows of a database: the
// least that so many packets show with Power is chosen from their number alone.
var margins = []float64{0.01, 0.02, 0.05, 0.1, 0.2, 0.4}

// rowsSeed is that of the random numbers which the transform needs: a judgement of the same rows
// is the same each time.
const rowsSeed = 1

// ExamineRows judges packets as a database holds them, with the allocator that divided them
// (REP-6). A kind whose exact law is too large to compute, such as one hot packet, is only counted.
func ExamineRows(ctx context.Context, allocator string, kinds []account.SplitKind) ([]Finding, error) {
	var suspect Suspect
	for _, s := range Suspects() {
		if s.Name() == allocator {
			suspect = s
		}
	}
	if suspect.Allocator == nil {
		return nil, fmt.Errorf("unknown allocator %q", allocator)
	}
	s := &sheet{}
	for _, k := range kinds {
		e := evidence{suspect: suspect, setting: Setting{k.Total, k.Count}, splits: k.Splits}
		if len(k.Splits) < leastRows {
			e.counted(s)
			s.findings[len(s.findings)-1].Expected = "" // no law says how often such a packet has a zero
			continue
		}
		var err error
		if e.exact, err = redpacket.Distribution(suspect, k.Total, k.Count); err != nil {
			return nil, err
		}
		e.margin = e.shownWithin(len(kinds))
		e.plain(s)
		if k.Count < 2 { // no draw
			continue
		}
		if _, err := e.transformed(ctx, rowsSeed, s); err != nil {
			return nil, err
		}
	}
	judge([]*sheet{s}, rowsAlpha)
	return s.findings, nil
}

// shownWithin is the least margin within which equal means are shown with Power.
func (e evidence) shownWithin(kinds int) float64 {
	sds := make([]float64, len(e.exact.Moments))
	for k, m := range e.exact.Moments {
		sds[k] = m.SD
	}
	for _, m := range margins {
		if equivalencePower(Beta/float64(kinds), m*e.setting.Mean(), sds, len(e.splits)) >= Power {
			return m
		}
	}
	return margins[len(margins)-1]
}
