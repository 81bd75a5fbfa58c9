package judge

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/scenarios/account"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
	"oalab/scenarios/predict"
)

// storedPair is a small run folder of a pair of load balancers before three app
// servers; the reports' tests read it too.
const storedPair = "testdata/failover"

// pairSettings are what the hosts of the stored pair would be set to.
var pairSettings = predict.Settings{AdvertS: 0.1, Master: 254, Backup: 253, Check: predict.Check{IntervalS: 0.1, TimeoutS: 1, Fall: 2, Rise: 2}}

func storedPairArms(t *testing.T) []*history.Arm {
	t.Helper()
	p := lab.NewPair(24, 20)
	p.Blow(history.FaultKillHost, 2.5, 2, 0.26)
	p.Blow(history.FaultKillNginx, 6.2, 2, 0.16)
	p.Blow(history.FaultFreezeHost, 10.1, 2, 0.24)
	p.Blow(history.FaultKillHost, 13.4, 2, 0.31)
	for _, fault := range []string{history.FaultKillHost, history.FaultKillNginx, history.FaultFreezeHost, history.FaultFailBack, history.FaultRejoin} {
		e, err := predict.Fault(fault, pairSettings)
		must(t, err)
		p.Record.Predictions = append(p.Record.Predictions, e)
	}
	p.Record.Windows = append(p.Record.Windows, history.Window{
		Fault: "kill-server", Arm: "main", Target: "app2", PlannedFromS: 17, PlannedToS: 20, FromS: 17.1, ToS: 20, HealedS: 20.5,
	})
	p.Upstreams(24, 60, lab.Span{From: 17.4, To: 21})
	main := p.End()

	p = lab.NewPair(3, 20)
	p.Name, p.Record.Arm = "control", "control"
	return []*history.Arm{main, p.End()}
}

func storedPairSpecs() []Spec {
	var effects []Effect
	for _, fault := range []string{history.FaultKillHost, history.FaultKillNginx, history.FaultFreezeHost, "kill-server"} {
		effects = append(effects, Effect{Fault: fault, What: "failed tries", Count: TriesFailed})
	}
	return []Spec{
		{
			Arm: "main", Effects: effects,
			Checkers: []check.Checker{check.AddressSingle{HandOvers: 4}, check.Predicted{}},
			Objectives: []Objective{
				{Figure: "outage_probe_s/kill-host", Relation: "<=", Limit: 0.5, MinN: 2},
				{Figure: "outage_s/fail-back", Relation: "<=", Limit: 0.1},
				{Figure: "ejected_after_s/kill-server", Relation: "<=", Limit: 1},
				{Figure: "balance_max_min", Relation: "<=", Limit: 1.1, MinN: 500},
			},
		},
		{Arm: "control", Control: true, Checkers: []check.Checker{check.AddressSingle{Quiet: true}}},
	}
}

// TestStoredPair judges a stored failover and finds what its manifest says; with
// -update it writes the folder anew.
func TestStoredPair(t *testing.T) {
	if *update {
		must(t, os.RemoveAll(storedPair))
		m := store(t, storedPair, storedPairArms(t))
		m.Scenario, m.Topology = "lb-failover", "docker"
		m, err := Run(storedPair, m, storedPairSpecs())
		must(t, err)
		must(t, history.WriteManifest(storedPair, m))
	}
	want, err := history.ReadManifest(storedPair)
	must(t, err)
	if want.Verdict != history.Pass {
		t.Fatalf("the stored run is %s: %s", want.Verdict, want.Reason)
	}
	blank := want
	blank.Figures, blank.Checkers, blank.Faults = nil, nil, nil
	got, err := Run(storedPair, blank, storedPairSpecs())
	must(t, err)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("judged again (-stored +now):\n%s", d)
	}
	if n := len(account.WindowsOf(got.Faults, history.FaultFailBack)); n != 3 {
		t.Errorf("%d windows of fail-back among the faults, want 3", n)
	}
}
