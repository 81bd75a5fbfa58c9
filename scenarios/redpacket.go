package scenarios

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"oalab/internal/jsonl"
	"oalab/scenarios/fairness"
	"oalab/scenarios/history"
)

// Evidence of the red-packet study.
const (
	// FileExamination holds a fairness.Report.
	FileExamination = fairness.FileExamination
	// FileSplits holds the packets of the source's own test, one fairness.Packet a line.
	FileSplits = "splits.jsonl"
)

// RedpacketStats examines the allocators of red packets: the source's test again,
// and the statistics that its test leaves out (SCN-6, REP-6).
func RedpacketStats() Scenario {
	return Scenario{
		Name:       "redpacket-stats",
		Title:      "Red packets keep their total, and each allocator divides as it claims to",
		Source:     "SCN-6, REP-6, CAM-3; thesis 5.1.5, figure 5-11",
		Topologies: []string{Embedded},
		Arms:       []Arm{{Name: "main"}},
		Study:      redpackets{},
	}
}

type redpackets struct{}

// Files are the evidence.
func (redpackets) Files() []string { return []string{FileExamination, FileSplits} }

// Collect draws the packets and examines them.
func (redpackets) Collect(ctx context.Context, folder *history.Folder, seed uint64, size Size, say func(string)) error {
	say("source's test")
	packets, err := fairness.SourceTest(seed)
	if err != nil {
		return err
	}
	w, err := jsonl.Create(folder.Path(FileSplits))
	if err != nil {
		return err
	}
	for i := range packets {
		if err := w.Write(&packets[i]); err != nil {
			_ = w.Close() // the first error is the one to tell
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	say("examination")
	report, err := fairness.Examine(ctx, seed, string(size))
	if err != nil {
		return err
	}
	return folder.WriteJSON(FileExamination, report)
}

// Judge holds the stored packets against conservation and the examination's own
// figures, and the findings against what each allocator claims.
func (redpackets) Judge(dir string, m history.Manifest) (history.Manifest, error) {
	bad := func(err error) (history.Manifest, error) {
		m.Verdict, m.ReasonKind = history.Inconclusive, history.ReasonEvidence
		m.Reason = "evidence is bad: " + strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), "")
		return m, nil
	}
	r, err := fairness.ReadExamination(dir)
	if err != nil {
		return bad(err)
	}
	packets, err := jsonl.Read[fairness.Packet](filepath.Join(dir, FileSplits))
	if err != nil {
		return bad(err)
	}
	counts, err := fairness.RecountSourceTest(packets)
	if err != nil {
		return bad(err)
	}
	if r.Seed != m.Seed || r.Size.Name != m.Size {
		return bad(fmt.Errorf("%s is of seed %d and size %s, the run is of seed %d and size %s", FileExamination, r.Seed, r.Size.Name, m.Seed, m.Size))
	}
	conservation := conserved(counts)
	if conservation.Violations == 0 {
		if err := agree(counts, r.Reruns); err != nil {
			return bad(err)
		}
	}
	m.Figures = r.Figures
	m.Checkers = []history.CheckerResult{conservation, asClaimed(r)}
	m.Verdict, m.Reason, m.ReasonKind = studyVerdict(m)
	return m, nil
}

// conserved counts packets whose shares do not sum to their total, and shares of zero from
// an allocator that must not give them.
func conserved(counts []fairness.Recount) history.CheckerResult {
	c := history.CheckerResult{Name: "conservation", Arm: "main", Expected: history.Pass, Verdict: history.Pass}
	var details []string
	for _, n := range counts {
		c.Checked += n.Packets
		wrong := n.Wrong
		if fairness.MustReachOne(n.Allocator) {
			wrong = max(wrong, n.BelowOne)
		}
		c.Violations += wrong
		details = append(details, fmt.Sprintf("%s: %d of %d packets wrong", n.Allocator, wrong, n.Packets))
	}
	c.Detail = strings.Join(details, "; ")
	if c.Violations > 0 {
		c.Verdict = history.Fail
	}
	return c
}

// agree holds the stored packets against the means that the examination reports.
func agree(counts []fairness.Recount, reruns []fairness.Rerun) error {
	for _, n := range counts {
		found := false
		for _, r := range reruns {
			if r.Allocator != n.Allocator {
				continue
			}
			found = true
			if math.Abs(r.Low-n.Low) > 1e-9 || math.Abs(r.High-n.High) > 1e-9 {
				return fmt.Errorf("means of %s are %.4f to %.4f in %s and %.4f to %.4f in %s",
					n.Allocator, n.Low, n.High, FileSplits, r.Low, r.High, FileExamination)
			}
		}
		if !found {
			return fmt.Errorf("%s says nothing of allocator %s", FileExamination, n.Allocator)
		}
	}
	return nil
}

// asClaimed counts the findings that are not what the allocator claims, or not what
// its exact law says must come out.
func asClaimed(r fairness.Report) history.CheckerResult {
	c := history.CheckerResult{Name: "fairness", Arm: "main", Expected: history.Pass, Verdict: history.Pass}
	var offences []string
	for _, j := range r.Allocators {
		for _, f := range j.Findings {
			c.Checked++
			if (f.Claimed && f.Verdict != fairness.Acquitted) || !f.AsExpected() {
				c.Violations++
				offences = append(offences, fmt.Sprintf("%s at %s: %s: %s (%s)", j.Name, f.Setting, f.Charge, f.Verdict, f.Detail))
			}
		}
	}
	c.Detail = fmt.Sprintf("%d findings on %d allocators; the default is %s", c.Checked, len(r.Allocators), r.Choice.Default)
	if c.Violations > 0 {
		c.Verdict, c.Detail = history.Fail, strings.Join(offences, "; ")
	}
	if c.Checked == 0 {
		c.Verdict, c.Detail = history.Inconclusive, "the examination has no finding"
	}
	return c
}

// studyVerdict joins checkers and objectives: violated, then inconclusive, then missed.
func studyVerdict(m history.Manifest) (history.Verdict, string, history.ReasonKind) {
	open := ""
	for _, c := range m.Checkers {
		switch c.Verdict {
		case history.Fail:
			return history.Fail, fmt.Sprintf("checker %s found %d violations: %s", c.Name, c.Violations, c.Detail), history.ReasonInvariant
		case history.Inconclusive:
			open = fmt.Sprintf("checker %s is inconclusive: %s", c.Name, c.Detail)
		case history.Pass:
		}
	}
	if open != "" {
		return history.Inconclusive, open, history.ReasonUndecided
	}
	objectives := 0
	for _, f := range m.Figures {
		if f.OK == nil {
			continue
		}
		objectives++
		if !*f.OK {
			return history.Fail, fmt.Sprintf("%s is %g %s, limit %s %g", f.Name, f.Value, f.Unit, f.Relation, *f.Limit), history.ReasonObjective
		}
	}
	return history.Pass, fmt.Sprintf("%d checkers and %d objectives held", len(m.Checkers), objectives), ""
}
