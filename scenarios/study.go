package scenarios

import (
	"context"

	"oalab/scenarios/history"
)

// Study is a scenario that loads nothing: it computes its evidence instead of
// watching a system, and judges it like any other. Collect and Judge share nothing
// but the run folder.
type Study interface {
	// Files are the names of the evidence in the run folder.
	Files() []string
	// Collect writes the evidence. It is a function of seed and size, except for measured
	// times, and ends early with the context's error. say takes lines of progress.
	Collect(ctx context.Context, folder *history.Folder, seed uint64, size Size, say func(stage string)) error
	// Judge fills figures, checkers, verdict, reason and its kind of the manifest from the
	// evidence, which has been held against its seal.
	Judge(dir string, m history.Manifest) (history.Manifest, error)
}

// JudgeStudy judges a stored run of a study from its evidence alone: what is missing
// or changed makes it inconclusive before anything else is looked at.
func JudgeStudy(s Study, dir string, m history.Manifest) (history.Manifest, error) {
	m.Verdict, m.Reason, m.ReasonKind, m.Figures, m.Checkers, m.Faults = history.Inconclusive, "", "", nil, nil, nil
	if bad := history.VerifyFiles(dir, m, s.Files()); len(bad) > 0 {
		m.Reason, m.ReasonKind = "evidence is bad: "+bad[0].Error(), history.ReasonEvidence
		return m, nil
	}
	return s.Judge(dir, m)
}
