// Package judge owns the verdict on a run: what a scenario expects of an arm, whether its faults
// acted, whether its objectives are met, and which of these decides (CHA-6, CHA-7, REP-4, REP-10).
// It has no clock and no socket, so that the same evidence gives the same verdict at any time.
package judge

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// ErrNoSpec is returned for an arm of a run without a spec.
var ErrNoSpec = errors.New("no spec for an arm of the run")

// Run judges a stored run from its evidence alone: verdict, reason, figures and
// checkers that the manifest may hold already are not read but replaced in the copy
// it returns; nothing is written into dir. The evidence is held against its seal
// first: what is missing, short or changed makes the run inconclusive before any
// checker is asked, and the reason names the file. Specs of arms that were not run
// are passed over.
//
// An error means that the run cannot be judged at all (ErrNoSpec, no arms).
func Run(dir string, m history.Manifest, specs []Spec) (history.Manifest, error) {
	m.Verdict, m.Reason, m.ReasonKind, m.Figures, m.Checkers, m.Faults = history.Inconclusive, "", "", nil, nil, nil
	if len(m.Arms) == 0 {
		return m, errors.New("judge: the manifest names no arm")
	}
	chosen := make([]Spec, len(m.Arms))
	for i, arm := range m.Arms {
		at := slices.IndexFunc(specs, func(s Spec) bool { return s.Arm == arm })
		if at < 0 {
			return m, fmt.Errorf("judge arm %s of scenario %s: %w", arm, m.Scenario, ErrNoSpec)
		}
		chosen[i] = specs[at]
	}

	var arms []ArmJudgement
	if bad := history.VerifyEvidence(dir, m); len(bad) > 0 {
		arms = withoutEvidence(dir, m, chosen, bad)
	} else {
		for i, s := range chosen {
			a, err := history.LoadArm(dir, s.Arm, i == 0)
			if err != nil {
				arms = append(arms, withoutEvidence(dir, m, []Spec{s}, []error{err})...)
				continue
			}
			m.Faults = append(m.Faults, faultsIn(a)...)
			arms = append(arms, Arm(s, a))
		}
	}
	conclude(&m, arms)
	return m, nil
}

// withoutEvidence ends arms of a run whose evidence does not hold. A run that was
// broken off is called interrupted, because that is why its evidence has gaps.
func withoutEvidence(dir string, m history.Manifest, chosen []Spec, bad []error) []ArmJudgement {
	st, reason := untrustworthy, plain("evidence is bad: ", dir, bad[0])
	if rest := len(bad) - 1; rest > 0 {
		reason += fmt.Sprintf(" (and %d more)", rest)
	}
	if wasInterrupted(dir, m) {
		st, reason = interrupted, reasonInterrupted
	}
	out := make([]ArmJudgement, 0, len(chosen))
	for _, s := range chosen {
		out = append(out, ArmJudgement{Arm: s.Arm}.unasked(s, st, reason))
	}
	return out
}

// wasInterrupted reports whether any arm's own record says that it was broken off.
func wasInterrupted(dir string, m history.Manifest) bool {
	for i, arm := range m.Arms {
		path := filepath.Join(dir, history.FileArm)
		if i > 0 {
			path = filepath.Join(dir, "arms", arm, history.FileArm)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		var r history.ArmRecord
		if json.Unmarshal(raw, &r) == nil && r.Interrupted {
			return true
		}
	}
	return false
}

// faultsIn are the windows of an arm, fail-backs included, under its name.
func faultsIn(a *history.Arm) []history.Window {
	out := account.Windows(a)
	for i := range out {
		out[i].Arm = a.Name
	}
	return out
}

// conclude writes the judgement of the arms into the manifest: the arm that stands
// worst decides, the first of them gives the reason.
func conclude(m *history.Manifest, arms []ArmJudgement) {
	worst := arms[0]
	checkers, objectives := 0, 0
	for i, j := range arms {
		if j.standing > worst.standing {
			worst = j
		}
		m.Checkers = append(m.Checkers, j.Checkers...)
		checkers += len(j.Checkers)
		for _, f := range j.Figures {
			if _, effect := EffectFault(f); f.Limit != nil && !effect {
				objectives++
			}
			if i > 0 {
				f.Name = inArm(f.Name, j.Arm)
			}
			m.Figures = append(m.Figures, f)
		}
	}
	m.Verdict, m.Reason, m.ReasonKind = worst.Verdict, worst.Reason, worst.About
	switch {
	case worst.standing == stands:
		m.Reason = fmt.Sprintf("every arm ended as expected (%s): %d checkers, %d objectives",
			strings.Join(m.Arms, ", "), checkers, objectives)
	case worst.standing < untrustworthy && worst.Arm != m.Arms[0]:
		m.Reason = "arm " + worst.Arm + ": " + m.Reason
	}
}

// inArm names a figure of an arm other than the main one: outage_s/control, and of a
// fault outage_s/kill-host@control.
func inArm(figure, arm string) string {
	if strings.Contains(figure, "/") {
		return figure + "@" + arm
	}
	return figure + "/" + arm
}

// plain words an error of a run folder in one line, with paths relative to the folder.
func plain(prefix, dir string, err error) string {
	s := strings.ReplaceAll(err.Error(), filepath.Clean(dir)+string(filepath.Separator), "")
	return prefix + strings.Join(strings.Fields(strings.ReplaceAll(s, "\n", "; ")), " ")
}
