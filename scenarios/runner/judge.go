package runner

import (
	"fmt"

	"oalab/scenarios"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
)

// Check judges a stored run again, from its evidence alone: verdict, checkers and
// figures of its manifest are not read. It writes nothing.
func Check(dir string) (history.Manifest, error) {
	m, err := history.ReadManifest(dir)
	if err != nil {
		return history.Manifest{}, err
	}
	s, ok := scenarios.Find(m.Scenario)
	if !ok {
		return history.Manifest{}, &UsageError{
			What: fmt.Sprintf("%s holds a run of scenario %q, which this oalab does not know", dir, m.Scenario),
			Do:   "judge it with the oalab that ran it",
		}
	}
	return CheckAs(dir, m, s)
}

// CheckAs judges a stored run as a run of the given scenario.
func CheckAs(dir string, m history.Manifest, s scenarios.Scenario) (history.Manifest, error) {
	if s.Study != nil {
		return scenarios.JudgeStudy(s.Study, dir, m)
	}
	return judge.Run(dir, m, s.OnRung(m.Rung).Specs(scenarios.Size(m.Size), m.Arms))
}
