package scenarios

import (
	"testing"

	"oalab/scenarios/figure"
)

// TestObjectivesAreOfKnownFigures holds that each objective has a row in the table: an objective on a misspelt figure would be inconclusive,
// and be seen after the run only.
func TestObjectivesAreOfKnownFigures(t *testing.T) {
	for _, s := range All() {
		for _, a := range s.Arms {
			for _, o := range a.Objectives {
				if _, ok := figure.Find(o.Figure); !ok {
					t.Errorf("%s, arm %s: no figure is named %s (scenarios/figure)", s.Name, a.Name, o.Figure)
				}
			}
		}
	}
}
