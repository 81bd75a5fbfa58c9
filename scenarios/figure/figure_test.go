package figure

import (
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range Table() {
		if seen[row.Name] {
			t.Errorf("%s has two rows", row.Name)
		}
		seen[row.Name] = true
		if row.Words == "" || row.Unit == "" && row.Name != "effect" {
			t.Errorf("%s has no words or no unit: %+v", row.Name, row)
		}
		if strings.ContainsAny(row.Name, "/@") {
			t.Errorf("%s: a row is found by what stands before the slash", row.Name)
		}
		if strings.Contains(row.Words, anything) != strings.HasSuffix(row.Name, anything) {
			t.Errorf("%s: name and words do not both have a *", row.Name)
		}
		if row.Unit == UnitSeconds && row.Better == Higher {
			t.Errorf("%s: a longer time is never better", row.Name)
		}
		if found, ok := Find(strings.ReplaceAll(row.Name, anything, "2")); !ok || found.Name != row.Name {
			t.Errorf("%s is found as %s", row.Name, found.Name)
		}
	}
}

func TestFind(t *testing.T) {
	for name, want := range map[string]string{
		"outage_s": "outage_s", "outage_s/kill-host@1s": "outage_s", "cache_hit_ratio@thesis": "cache_hit_ratio",
		"effect/kill-server": "effect", "peak_ratio_4": "peak_ratio_*", "peak_ratio_4/control": "peak_ratio_*",
		"share/app1": "share", "mean_min_thesis": "mean_min_*", "unheard_of": "", "": "", "peak_ratio_": "",
	} {
		if row, ok := Find(name); row.Name != want || ok != (want != "") {
			t.Errorf("Find(%q) is %q, found: %t; want %q", name, row.Name, ok, want)
		}
	}
	if row, _ := Find("split_ns_thesis"); row.Words != "time to divide one packet, by thesis" {
		t.Errorf("words are %q", row.Words)
	}
}

// TestUnitOfUnknownFigure: a figure without a row fails every test that computes it.
func TestUnitOfUnknownFigure(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a figure without a row has a unit")
		}
	}()
	Unit("unheard_of")
}
