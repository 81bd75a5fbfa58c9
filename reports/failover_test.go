package reports_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oalab/reports"
	"oalab/scenarios/history"
)

// storedPair is a run folder of a pair of load balancers.
const storedPair = "../scenarios/judge/testdata/failover"

func copiedPair(t *testing.T) (string, history.Manifest) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.CopyFS(dir, os.DirFS(storedPair)); err != nil {
		t.Fatal(err)
	}
	m, err := history.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, m
}

func TestFailoverSection(t *testing.T) {
	dir, m := copiedPair(t)
	got := written(t, dir, m)
	_, section, found := strings.Cut(got, "## Failover\n")
	section, _, _ = strings.Cut(section, "\n## Rate")
	if !found {
		t.Fatal("no section on the failover")
	}
	for _, want := range []string{
		"| kill-host | 2 | 0.260 | 0.310 | 0.310 | 0.191 – 0.391 | 0.201 – 0.301, uniform | yes |",
		"| fail-back | 3 | 0.000 | 0.000 | 0.000 | 0.000 – 0.260 | 0.000 | yes |",
		"| rejoin | 1 | 0.000 | 0.000 | 0.000 | 0.000 – 1.190 | 0.000 – 1.100 | yes |",
		"| kill-server | 1 | 0.000 | 0.000 | 0.000 | nothing | – |  |",
		"| kill-host | ", "## Requests by app server", "app1 33.3 %, app2 33.3 %, app3 33.3 %",
		"plots/main-outages.png", "plots/main-failover.png", "plots/main-shares.png",
	} {
		if !strings.Contains(section, want) {
			t.Errorf("the section lacks %q", want)
		}
	}
	for _, unwanted := range []string{"control-failover", "control-shares", "Arm control"} {
		if strings.Contains(section, unwanted) {
			t.Errorf("the section has %q, though nothing happened there", unwanted)
		}
	}
	for _, want := range []string{
		"the address was seen to come home", "virtual IP",
		"share of the requests that went to one app server, before any of them had a fault",
		"longest time in which the probe of the virtual IP got no answer, of kill-host",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	for _, f := range m.Figures {
		if strings.Contains(got, "| "+f.Name+" |") && strings.HasSuffix(lineOf(got, "| "+f.Name+" |"), "|  |") {
			t.Errorf("figure %s is not explained", f.Name)
		}
	}
}

func lineOf(text, with string) string {
	_, rest, _ := strings.Cut(text, with)
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}

func TestOutsideOfThePrediction(t *testing.T) {
	dir, m := copiedPair(t)
	raw, err := os.ReadFile(filepath.Join(dir, history.FileArm))
	if err != nil {
		t.Fatal(err)
	}
	raw = []byte(strings.ReplaceAll(string(raw), `"high_s":0.391171875`, `"high_s":0.3`))
	raw = []byte(strings.ReplaceAll(string(raw), `"high_s": 0.391171875`, `"high_s": 0.3`))
	if err := os.WriteFile(filepath.Join(dir, history.FileArm), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := written(t, dir, m); !strings.Contains(got, "NO, 1 outside") {
		t.Error("a cycle outside of its prediction is not told")
	}
}

// TestFailuresNameThePlot: a message that a limit was missed leads to the picture.
func TestFailuresNameThePlot(t *testing.T) {
	no, limit := false, 0.1
	m := history.Manifest{Scenario: "lb-failover", Arms: []string{"main"}, Verdict: history.Fail}
	for _, name := range []string{"outage_probe_s/kill-host", "ejected_after_s/kill-server", "outage_s/kill-host"} {
		m.Figures = append(m.Figures, history.Figure{Name: name, Value: 1, Unit: "s", Relation: "<", Limit: &limit, OK: &no, N: 1})
	}
	for _, name := range []string{"address-single", "prediction"} {
		m.Checkers = append(m.Checkers, history.CheckerResult{Name: name, Arm: "main", Expected: history.Pass, Verdict: history.Fail})
	}
	all := strings.Join(reports.Failures(m), "\n")
	for _, want := range []string{
		"outage_probe_s/kill-host is 1 s, limit < 0.1 s (n 1), see plots/main-outages.svg", "plots/main-shares.svg", "plots/main-availability.svg",
		"checker address-single of arm main is fail", "plots/main-failover.svg",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("the failures lack %q:\n%s", want, all)
		}
	}
}
