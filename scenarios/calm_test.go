package scenarios_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"oalab/scenarios/history"
	"oalab/scenarios/runner"
)

// tries is how often a scenario is run at most, on a machine that does not let it conclude.
const tries = 3

// machine is held for reading by runs that share it with others, and for writing by one that
// has it for itself.
var machine sync.RWMutex

// conclusions counts the scenarios that calmest ran, and those that stayed inconclusive.
var conclusions struct {
	asked, open atomic.Int64
}

// mustRun runs a scenario beside others, with its live lines in the test's log.
func mustRun(t *testing.T, o runner.Options) runner.Result {
	t.Helper()
	machine.RLock()
	defer machine.RUnlock()
	return run(t, o)
}

// alone runs a scenario when no other one of this process runs.
func alone(t *testing.T, o runner.Options) runner.Result {
	t.Helper()
	machine.Lock()
	defer machine.Unlock()
	return run(t, o)
}

// calmest runs a scenario, and again, alone, while it is inconclusive: such a run proved
// nothing, by its own word. The scenarios that run beside the first try may be what filled
// the machine, and other guests of its host what filled it at the next one.
func calmest(t *testing.T, o runner.Options) runner.Result {
	t.Helper()
	conclusions.asked.Add(1)
	for try := 1; ; try++ {
		o.Out = filepath.Join(outDir(t), o.Scenario.Name+"-"+strconv.Itoa(try))
		runs := alone
		if try == 1 {
			runs = mustRun
		}
		res := runs(t, o)
		if !mayConclude(res.Manifest) || try == tries {
			return res
		}
		t.Logf("once more, alone: %s", res.Manifest.Reason)
	}
}

// onCalmMachine is calmest, and skips the test where all tries were disturbed.
func onCalmMachine(t *testing.T, o runner.Options) runner.Result {
	t.Helper()
	res := calmest(t, o)
	proved(t, res.Manifest)
	return res
}

// proved fails a test for each checker that was not expected to fail, and skips it where the
// last try was disturbed.
func proved(t *testing.T, m history.Manifest) {
	t.Helper()
	for _, c := range violated(m) {
		t.Errorf("checker %s in arm %s: %s", c.Name, c.Arm, c.Detail)
	}
	skipDisturbed(t, m)
}

// skipDisturbed skips the rest of a test, in a loud line, if its last try was inconclusive for
// the machine's or the generator's sake: what was measured on a full machine neither convicts
// nor acquits. A test that has failed before stays failed.
func skipDisturbed(t *testing.T, m history.Manifest) {
	t.Helper()
	if !disturbed(m) {
		return
	}
	conclusions.open.Add(1)
	tellLoudly(m.Scenario + ": " + m.Reason)
	t.Skipf("INCONCLUSIVE at %d tries: %s", tries, m.Reason)
}

// disturbed reports whether a run is inconclusive for the machine's or the generator's sake.
func disturbed(m history.Manifest) bool {
	return m.Verdict == history.Inconclusive && (m.ReasonKind == history.ReasonMachine || m.ReasonKind == history.ReasonGenerator)
}

// mayConclude reports whether an inconclusive run may conclude at another try. Bad evidence
// is no matter of luck.
func mayConclude(m history.Manifest) bool {
	return disturbed(m) || m.Verdict == history.Inconclusive && m.ReasonKind == history.ReasonUndecided
}

// violated are the checkers that were not expected to fail, and did.
func violated(m history.Manifest) []history.CheckerResult {
	var out []history.CheckerResult
	for _, c := range m.Checkers {
		if c.Verdict == history.Fail && c.Expected != history.Fail {
			out = append(out, c)
		}
	}
	return out
}

// provedEnough is an error if so many scenarios stayed inconclusive that the tests together
// prove little.
func provedEnough(asked, open int64) error {
	if asked < 4 || 2*open <= asked {
		return nil
	}
	return fmt.Errorf("%d of %d scenarios were inconclusive at %d tries each: the machine is too full to prove anything; run the tests with nothing else on it", open, asked, tries)
}

// tellLoudly says on standard error, and in the file that OALAB_LOUD names, what was not
// proved. go test shows standard error of a package that failed or with -v only.
func tellLoudly(line string) {
	line = "!! INCONCLUSIVE: " + line + "\n"
	fmt.Fprint(os.Stderr, line)
	name := os.Getenv("OALAB_LOUD")
	if name == "" {
		return
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = f.WriteString(line)
		if e := f.Close(); err == nil {
			err = e
		}
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "tell loudly: %v\n", err)
	}
}

// TestDisturbed: which runs are tried again, and which are no conclusion after the last try.
func TestDisturbed(t *testing.T) {
	for _, tc := range []struct {
		verdict history.Verdict
		kind    history.ReasonKind

		again, skipped bool
	}{
		{history.Pass, "", false, false},
		{history.Fail, history.ReasonObjective, false, false},
		{history.Fail, history.ReasonInvariant, false, false},
		{history.Inconclusive, history.ReasonMachine, true, true},
		{history.Inconclusive, history.ReasonGenerator, true, true},
		{history.Inconclusive, history.ReasonUndecided, true, false},
		{history.Inconclusive, history.ReasonEvidence, false, false},
		{history.Inconclusive, history.ReasonInterrupted, false, false},
	} {
		m := history.Manifest{Verdict: tc.verdict, ReasonKind: tc.kind}
		if again, skipped := mayConclude(m), disturbed(m); again != tc.again || skipped != tc.skipped {
			t.Errorf("%s for %q: again %t, skipped %t; want %t, %t", tc.verdict, tc.kind, again, skipped, tc.again, tc.skipped)
		}
	}
}

// TestProvedEnough: tests of which most proved nothing are red.
func TestProvedEnough(t *testing.T) {
	for _, tc := range []struct {
		asked, open int64

		enough bool
	}{
		{0, 0, true},
		{1, 1, true},
		{3, 3, true},
		{4, 2, true},
		{4, 3, false},
		{40, 20, true},
		{40, 21, false},
	} {
		if err := provedEnough(tc.asked, tc.open); (err == nil) != tc.enough {
			t.Errorf("%d of %d inconclusive: %v", tc.open, tc.asked, err)
		}
	}
}
