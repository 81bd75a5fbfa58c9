package scenarios_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"oalab/reports"
	"oalab/scenarios"
	"oalab/scenarios/history"
	"oalab/scenarios/runner"
	"oalab/scenarios/topology/container"
)

// needDocker skips a test loudly where containers cannot run, or fails it where
// OALAB_REQUIRE asks for them.
func needDocker(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	e, err := container.Open(ctx, container.Options{RunID: "look"})
	if err == nil {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		return
	}
	if slices.Contains(strings.Split(os.Getenv("OALAB_REQUIRE"), ","), "docker") {
		t.Fatalf("%v\nOALAB_REQUIRE names docker, so this may not be skipped", err)
	}
	t.Skipf("SKIPPED: %v", err)
}

// onContainers runs a scenario on containers with all its arms; it must pass, and
// pass again when it is judged from its evidence.
func onContainers(t *testing.T, s scenarios.Scenario) runner.Result {
	t.Helper()
	needDocker(t)
	res := onCalmMachine(t, runner.Options{Scenario: s, AllArms: len(s.Arms) > 1, Seed: 7, Tools: runner.Tools{Oaserver: bin.oaserver, Oalab: bin.oalab}})
	m := res.Manifest
	for _, c := range m.Checkers {
		t.Logf("%s in arm %s: expected %s, got %s, %d violations of %d: %s", c.Name, c.Arm, c.Expected, c.Verdict, c.Violations, c.Checked, c.Detail)
	}
	if m.Verdict != history.Pass {
		t.Fatalf("verdict %s: %s\n%s\nreport: %s", m.Verdict, m.Reason, strings.Join(reports.Failures(m), "\n"), filepath.Join(res.Dir, "report.html"))
	}
	t.Run("judged again", func(t *testing.T) { judgedAgain(t, res.Dir, m) })
	return res
}

// TestLBFailover breaks the pair of load balancers at the rate that is claimed, and
// holds outages of a tenth of a second against their limits (SCN-1, REP-8, REP-9); then
// with slow adverts, with the source's settings, and with a priority that is not the one
// meant (DIS-10).
func TestLBFailover(t *testing.T) {
	measured(t)
	for _, arms := range [][]string{{"main", "control"}, {"1s"}, {"thesis"}, {"wrong-priority"}} {
		t.Run(arms[0], func(t *testing.T) { onContainers(t, only(scenarios.LBFailover(), arms...)) })
	}
}

// TestPair breaks a pair of load balancers before one app server that keeps everything
// itself in every way, and parts it, at a rate that leaves a slow machine time (SCN-1,
// REP-8, REP-9).
func TestPair(t *testing.T) {
	for _, arm := range []string{"calm", "split-brain"} {
		t.Run(arm, func(t *testing.T) { onContainers(t, only(scenarios.LBFailover(), arm)) })
	}
}

// TestAppServers runs the scenarios of app servers with all their stores (SCN-17, SCN-21).
func TestAppServers(t *testing.T) {
	for _, s := range []scenarios.Scenario{scenarios.AppFaults(), scenarios.RollingDeploy()} {
		t.Run(s.Name, func(t *testing.T) { pairIsTold(t, onContainers(t, only(s, "main"))) })
	}
}

// TestOAuthCrowdOnContainers: behind Nginx a killed login server costs no follower an error. With
// sessions in Redis it costs no session either; with sessions in files and ip_hash the followers of
// that server log in again (SCN-13, OAU-3, OAU-7).
func TestOAuthCrowdOnContainers(t *testing.T) {
	onContainers(t, only(scenarios.OAuthCrowd(), "main", "ip-hash"))
}

// TestPlatformRetriesOnContainers: the same behind Nginx, on a real MySQL and Redis (SCN-14).
func TestPlatformRetriesOnContainers(t *testing.T) {
	onContainers(t, only(scenarios.PlatformRetries(), "main"))
}

// TestAppServersControls holds the scenarios of the app servers against what they find
// where nothing is broken (SCN-21, DIS-7).
func TestAppServersControls(t *testing.T) {
	measured(t)
	onContainers(t, only(scenarios.AppFaults(), "control"))
	onContainers(t, only(scenarios.RollingDeploy(), "control"))
}

// TestAppMutants plants what an app server must not do without its database: the checker
// stale-answers convicts it, and acquits it where nothing is broken. The servers without the
// defects are acquitted under the same faults (CHA-7, STO-7).
func TestAppMutants(t *testing.T) {
	measured(t)
	needDocker(t)
	for _, s := range scenarios.AppMutants() {
		t.Run(s.Name, func(t *testing.T) { drill(t, s) })
	}
}

// only is the scenario with the named arms.
func only(s scenarios.Scenario, arms ...string) scenarios.Scenario {
	s.Arms = slices.DeleteFunc(slices.Clone(s.Arms), func(a scenarios.Arm) bool { return !slices.Contains(arms, a.Name) })
	return s
}

// measured skips a test that needs more time or more of the machine than all tests
// together may have, unless OALAB_MEASURE asks for it: make measure.
func measured(t *testing.T) {
	t.Helper()
	if os.Getenv("OALAB_MEASURE") == "" {
		t.Skip("SKIPPED: it takes minutes of a machine that does nothing else. Remedy: make measure")
	}
}

// pairIsTold holds the report of a run on containers against what it must say of the
// pair of load balancers: how even their work was, and that they are configured alike
// (DIS-1, DIS-9).
func pairIsTold(t *testing.T, res runner.Result) {
	t.Helper()
	if f, ok := figureIn(res.Manifest, "balance_max_min"); !ok || f.Value < 1 || f.N < 10 {
		t.Errorf("balance_max_min is %+v (found: %t), want a ratio of some requests", f, ok)
	}
	if f, ok := figureIn(res.Manifest, "config_drift"); !ok || f.Value != 0 || f.N < 100 {
		t.Errorf("config_drift is %+v (found: %t), want 0 of more than 100 lines", f, ok)
	}
	text, err := os.ReadFile(filepath.Join(res.Dir, "report.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| largest over smallest |", "## Configuration of the load balancers", "| equal |"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
}
