package judge

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	cl "oalab/mockcarrier/ledger"
	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

// TestStoredRun judges a run folder that lies in testdata, and finds what its
// manifest says; with -update it writes the folder anew.
func TestStoredRun(t *testing.T) {
	if *update {
		must(t, os.RemoveAll(storedRun))
		m := store(t, storedRun, storedArms())
		m, err := Run(storedRun, m, storedSpecs())
		must(t, err)
		must(t, history.WriteManifest(storedRun, m))
	}
	want, err := history.ReadManifest(storedRun)
	must(t, err)
	if want.Verdict != history.Pass {
		t.Fatalf("the stored run is %s: %s", want.Verdict, want.Reason)
	}
	blank := want
	blank.Verdict, blank.Reason, blank.Checkers, blank.Figures = history.Fail, "made up", nil, nil
	got, err := Run(storedRun, blank, storedSpecs())
	must(t, err)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("judged again (-stored +now):\n%s", d)
	}
	for _, name := range []string{"outage_s/kill-server", "outage_s/control", "effect/carrier-down"} {
		if !slices.ContainsFunc(got.Figures, func(f history.Figure) bool { return f.Name == name }) {
			t.Errorf("no figure %s", name)
		}
	}
}

// TestJudgeIgnoresWhatTheManifestClaims: verdict, figures and checkers are not read,
// and what they claimed does not survive.
func TestJudgeIgnoresWhatTheManifestClaims(t *testing.T) {
	dir, m := planted(t, func(l *lab.Lab) { without(l, firstOrder(l)) })
	yes := true
	m.Verdict, m.Reason = history.Pass, "all well"
	m.Figures = []history.Figure{{Name: "orders_lost", Value: 0, OK: &yes}}
	m.Checkers = []history.CheckerResult{{Name: "orders", Verdict: history.Pass}}
	got, err := Run(dir, m, storedSpecs())
	must(t, err)
	if got.Verdict != history.Fail || !strings.Contains(got.Reason, "lost: seq 0") || len(got.Checkers) != 4 {
		t.Errorf("got %s: %s, %d checkers", got.Verdict, got.Reason, len(got.Checkers))
	}
}

// TestPlantedViolations plants each violation into the stored run: a wrong of the server
// must come to light in a folder that is otherwise in order.
func TestPlantedViolations(t *testing.T) {
	const other = "ZZZZZZZZZZZZZZZZZZZZ"
	tests := []struct {
		name   string
		edit   func(*lab.Lab)
		want   history.Verdict
		reason string
	}{
		{"nothing", func(*lab.Lab) {}, history.Pass, "every arm ended as expected (main, control): 4 checkers, 4 objectives"},
		{"lost", func(l *lab.Lab) { without(l, firstOrder(l)) }, history.Fail, "checker orders found 1 violations: lost: seq 0 openid o000"},
		{"doubled, acknowledged", func(l *lab.Lab) { l.Applied(firstOrder(l), other) }, history.Fail, "doubled: seq 0 openid o000"},
		{"doubled, unacknowledged", func(l *lab.Lab) {
			seq := l.Send(history.KindOrder, 29, lab.TimedOutTry(), lab.TimedOutTry(), lab.TimedOutTry())
			l.Applied(seq, other)
			l.Applied(seq, other)
			lab.Seal(l.Arm)
		}, history.Fail, "doubled: seq 40 openid o040 serial unacknowledged"},
		{"told twice", func(l *lab.Lab) { l.Told(0, lab.SerialOf(0)) }, history.Fail, "told 2 times: openid o000"},
		{"told never", func(l *lab.Lab) { l.WeChat = l.WeChat[1:] }, history.Fail, "told never: seq 0"},
		{"told to another follower", func(l *lab.Lab) { l.Call("o001", lab.SerialOf(0), wl.EffectDelivered) }, history.Fail, "told to o001"},
		{"phantom effect", func(l *lab.Lab) {
			l.Carrier = append(l.Carrier, cl.Entry{Op: "OrderProduct", Phone: "13999999999", Code: "P10", Effect: cl.EffectApplied})
		}, history.Fail, "unexpected effect: phone 13999999999"},
		{"inconsistent replies", func(l *lab.Lab) {
			i := slices.IndexFunc(l.Deliveries, func(d wl.Delivery) bool { return d.Lost })
			l.Deliveries[i].Reply = "<xml>b</xml>"
		}, history.Fail, "checker replies found 1 violations: replies differ: seq"},
		{"generator stopped and continued", func(l *lab.Lab) {
			for i := range l.Operations {
				l.Operations[i].StartS += 0.1
			}
		}, history.Inconclusive, "generator-bound"},
		{"fault without effect", func(l *lab.Lab) {
			for i := range l.Samples {
				if strings.HasPrefix(l.Samples[i].Name, "oalab_carrier_errors_total") {
					l.Samples[i].Value = 0
				}
			}
		}, history.Inconclusive, "fault carrier-down shows no effect"},
		{"slow under carrier-down", func(l *lab.Lab) {
			for i := range l.Operations {
				if l.Record.Windows[0].Contains(l.Plan[i].DueS) {
					l.Operations[i].LatencyS = 1.5
				}
			}
		}, history.Fail, "p99_due_s/carrier-down is 1.5 s, limit < 1 s (n 3)"},
		{"rows left in the outbox", func(l *lab.Lab) { l.Sample(60, "oalab_outbox_rows", 3) }, history.Fail, "outbox_rows_end is 3, limit == 0 (n 1)"},
		{"deliveries cut off before the seal", func(l *lab.Lab) { l.Deliveries = l.Deliveries[:len(l.Deliveries)-1] }, history.Inconclusive, "deliveries.jsonl has no try of seq 39"},
		{"interrupted", func(l *lab.Lab) { l.Record.Interrupted = true }, history.Inconclusive, "interrupted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, m := planted(t, tt.edit)
			got, err := Run(dir, m, storedSpecs())
			must(t, err)
			if got.Verdict != tt.want || !strings.Contains(got.Reason, tt.reason) {
				t.Errorf("got %s: %s\nwant %s: …%s…", got.Verdict, got.Reason, tt.want, tt.reason)
			}
		})
	}
}

// TestBadEvidenceIsNeverPass spoils the folder behind the seal's back.
func TestBadEvidenceIsNeverPass(t *testing.T) {
	cutOff := func(file string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			path := filepath.Join(dir, file)
			raw, err := os.ReadFile(path)
			must(t, err)
			must(t, os.WriteFile(path, raw[:len(raw)-len(raw)/3], 0o600))
		}
	}
	removed := func(file string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			must(t, os.Remove(filepath.Join(dir, file)))
		}
	}
	changed := func(file, old, now string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			path := filepath.Join(dir, file)
			raw, err := os.ReadFile(path)
			must(t, err)
			if !strings.Contains(string(raw), old) {
				t.Fatalf("%s has no %s", file, old)
			}
			must(t, os.WriteFile(path, []byte(strings.Replace(string(raw), old, now, 1)), 0o600))
		}
	}
	tests := []struct {
		name  string
		spoil func(*testing.T, string)
		file  string
	}{
		{"deliveries truncated", cutOff("deliveries.jsonl"), "deliveries.jsonl"},
		{"operations truncated", cutOff("operations.gob"), "operations.gob"},
		{"plan truncated", cutOff("plan.jsonl"), "plan.jsonl"},
		{"carrier ledger missing", removed("ledgers/carrier.jsonl"), "ledgers/carrier.jsonl"},
		{"platform ledger missing", removed("ledgers/wechat.jsonl"), "ledgers/wechat.jsonl"},
		{"record missing", removed("arm.json"), "arm.json"},
		{"ledger of the control arm missing", removed("arms/control/ledgers/carrier.jsonl"), "arms/control/ledgers/carrier.jsonl"},
		{"effect changed", changed("ledgers/carrier.jsonl", `"applied"`, `"refused"`), "ledgers/carrier.jsonl"},
		{"samples changed", changed("samples.jsonl", `"value":5`, `"value":6`), "samples.jsonl"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := copied(t)
			tt.spoil(t, dir)
			m, err := history.ReadManifest(dir)
			must(t, err)
			got, err := Run(dir, m, storedSpecs())
			must(t, err)
			if got.Verdict != history.Inconclusive || !strings.Contains(got.Reason, tt.file) || strings.Contains(got.Reason, dir) {
				t.Errorf("got %s: %s, want inconclusive naming %s", got.Verdict, got.Reason, tt.file)
			}
			if len(got.Figures) != 0 {
				t.Errorf("%d figures from bad evidence", len(got.Figures))
			}
			for _, c := range got.Checkers {
				if c.Verdict != history.Inconclusive || !strings.HasPrefix(c.Detail, "not asked") {
					t.Errorf("checker %s was asked: %+v", c.Name, c)
				}
			}
		})
	}
}

// TestInterruptedRunWithGaps: a run that was broken off may lack evidence; it is
// still called interrupted.
func TestInterruptedRunWithGaps(t *testing.T) {
	dir, m := planted(t, func(l *lab.Lab) { l.Record.Interrupted = true })
	must(t, os.Remove(filepath.Join(dir, "arms", "control", "ledgers", "carrier.jsonl")))
	got, err := Run(dir, m, storedSpecs())
	must(t, err)
	if got.Verdict != history.Inconclusive || got.Reason != "interrupted" {
		t.Errorf("got %s: %s", got.Verdict, got.Reason)
	}
}

func TestWorstArmDecides(t *testing.T) {
	dir, m := planted(t, func(*lab.Lab) {})
	specs := storedSpecs()
	specs[1].Checkers = append(specs[1].Checkers, says("sessions", history.Fail))
	specs[0].Checkers = append(specs[0].Checkers, says("sessions", history.Inconclusive))
	got, err := Run(dir, m, specs)
	must(t, err)
	if got.Verdict != history.Fail || !strings.HasPrefix(got.Reason, "arm control: checker sessions") {
		t.Errorf("got %s: %s", got.Verdict, got.Reason)
	}
}

func TestRunsThatCannotBeJudged(t *testing.T) {
	dir, m := planted(t, func(*lab.Lab) {})
	if _, err := Run(dir, m, storedSpecs()[:1]); !errors.Is(err, ErrNoSpec) {
		t.Errorf("arm without a spec: %v, want ErrNoSpec", err)
	}
	m.Arms = nil
	if _, err := Run(dir, m, storedSpecs()); err == nil {
		t.Error("a run without arms was judged")
	}
}

func TestMainArmAlone(t *testing.T) {
	main, err := history.LoadArm(storedRun, "main", true)
	must(t, err)
	dir := filepath.Join(t.TempDir(), "run")
	got, err := Run(dir, store(t, dir, []*history.Arm{main}), storedSpecs())
	must(t, err)
	if got.Verdict != history.Pass || len(got.Checkers) != 2 {
		t.Errorf("got %s: %s", got.Verdict, got.Reason)
	}
}
