package scenarios_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"oalab/scenarios"
)

// TestContractsNameEverything holds that docs/contracts.md names each scenario, and each
// fault and checker of one. The drills of planted defects are not for scripts.
func TestContractsNameEverything(t *testing.T) {
	content, err := os.ReadFile("../docs/contracts.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(content)
	told := map[string]bool{}
	named := func(kind, name string) {
		if told[kind+name] {
			return
		}
		told[kind+name] = true
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("docs/contracts.md does not name the %s %s", kind, name)
		}
	}
	all := slices.Concat(scenarios.All(), []scenarios.Scenario{scenarios.CarrierWithoutDedup(), scenarios.RedundantStores()})
	for _, s := range all {
		named("scenario", s.Name)
		for _, a := range s.Arms {
			for _, c := range a.Checkers {
				named("checker", c.Name())
			}
			if a.Faults == nil {
				continue
			}
			for _, f := range a.Faults(scenarios.Full) {
				named("fault", f.Name)
			}
		}
	}
}
