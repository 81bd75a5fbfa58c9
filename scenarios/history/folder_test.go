package history_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"oalab/internal/jsonl"
	cl "oalab/mockcarrier/ledger"
	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
)

var base = time.Date(2026, 11, 21, 10, 0, 0, 123456789, time.UTC)

// writeArm writes a small but whole arm of n operations.
func writeArm(t *testing.T, f *history.Folder, name string, main bool, n int) {
	t.Helper()
	a, err := f.Arm(name, main)
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	enc := vegeta.NewEncoder(a.Operations())
	var plan []history.PlannedOp
	for i := range n {
		due := time.Duration(i) * 100 * time.Millisecond
		plan = append(plan, history.PlannedOp{Seq: uint64(i), DueS: due.Seconds(), Kind: history.KindText, OpenID: "o1", MsgID: "m", Text: "资费"})
		// Recorded in the order in which they ended: backwards.
		seq := n - 1 - i
		must(enc.Encode(&vegeta.Result{
			Attack: name, Seq: uint64(seq), Code: 200,
			Timestamp: base.Add(time.Duration(seq) * 100 * time.Millisecond), Latency: time.Duration(seq) * time.Millisecond,
		}))
		must(a.WriteDelivery(wl.Delivery{At: base, Seq: uint64(i), Try: 1, OK: true}))
	}
	must(a.WritePlan(plan))
	must(a.WriteSample(history.Sample{AtS: 0.5, Probe: "p", Name: "x", Value: 1}))
	must(a.WriteRecord(history.ArmRecord{Arm: name, Base: base, Load: history.Load{Model: "open", Scheduled: n}}))
	for path, line := range map[string]any{a.WeChatLedger(): wl.Call{At: base, Kind: wl.KindAPI}, a.CarrierLedger(): cl.Entry{At: base, Op: "OrderProduct"}} {
		w, err := jsonl.Append(path) // as the mocks do
		must(err)
		must(w.Write(line))
		must(w.Close())
	}
	must(os.WriteFile(filepath.Join(a.LogDir(), "oaserver.log"), []byte("not evidence"), 0o600))
	must(a.Close())
	must(a.Close())
	must(a.Err())
}

// writeRun writes a sealed run of two arms.
func writeRun(t *testing.T) (string, history.Manifest) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a", "run")
	f, err := history.CreateFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	writeArm(t, f, "main", true, 5)
	writeArm(t, f, "control", false, 3)
	evidence, err := f.Seal()
	if err != nil {
		t.Fatal(err)
	}
	m := history.Manifest{Scenario: "smoke", Seed: 7, Arms: []string{"main", "control"}, Evidence: evidence, Verdict: history.Pass}
	if err := f.WriteManifest(m); err != nil {
		t.Fatal(err)
	}
	return dir, m
}

func TestRunFolderComesBackAsWritten(t *testing.T) {
	dir, want := writeRun(t)
	got, err := history.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("manifest (-want +got):\n%s", d)
	}
	if errs := history.VerifyEvidence(dir, got); len(errs) > 0 {
		t.Errorf("untouched evidence is faulted: %v", errs)
	}
	if len(got.Evidence) != 14 {
		t.Errorf("%d files sealed, want 7 for each of 2 arms", len(got.Evidence))
	}
	a, err := history.LoadArm(dir, "main", true)
	if err != nil {
		t.Fatal(err)
	}
	wantOps := []history.Operation{
		{Seq: 0, StartS: 0, LatencyS: 0, Status: 200},
		{Seq: 1, StartS: .1, LatencyS: .001, Status: 200},
		{Seq: 2, StartS: .2, LatencyS: .002, Status: 200},
		{Seq: 3, StartS: .3, LatencyS: .003, Status: 200},
		{Seq: 4, StartS: .4, LatencyS: .004, Status: 200},
	}
	if d := cmp.Diff(wantOps, a.Operations); d != "" {
		t.Errorf("operations (-want +got):\n%s", d)
	}
	if len(a.Plan) != 5 || len(a.Deliveries) != 5 || len(a.Samples) != 1 || len(a.WeChat) != 1 || len(a.Carrier) != 1 {
		t.Errorf("arm has %d planned, %d deliveries, %d samples, %d calls, %d entries", len(a.Plan), len(a.Deliveries), len(a.Samples), len(a.WeChat), len(a.Carrier))
	}
	if s := a.Seconds(base.Add(1500 * time.Millisecond)); s != 1.5 {
		t.Errorf("Seconds = %g, want 1.5", s)
	}
	if c, err := history.LoadArm(dir, "control", false); err != nil || len(c.Operations) != 3 {
		t.Errorf("control arm: %v, %v", c, err)
	}
}

func TestBrokenEvidenceIsFound(t *testing.T) {
	truncate := func(file string, by int64) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			p := filepath.Join(dir, file)
			info, err := os.Stat(p)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(p, info.Size()-by); err != nil {
				t.Fatal(err)
			}
		}
	}
	remove := func(file string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			if err := os.Remove(filepath.Join(dir, file)); err != nil {
				t.Fatal(err)
			}
		}
	}
	rewrite := func(file, from, to string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			p := filepath.Join(dir, file)
			raw, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			changed := bytes.Replace(raw, []byte(from), []byte(to), 1)
			if bytes.Equal(raw, changed) {
				t.Fatalf("%s does not hold %q", file, from)
			}
			if err := os.WriteFile(p, changed, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	unlist := func(file string) func(*history.Manifest) {
		return func(m *history.Manifest) {
			var kept []history.Evidence
			for _, e := range m.Evidence {
				if e.Path != file {
					kept = append(kept, e)
				}
			}
			m.Evidence = kept
		}
	}
	for _, tc := range []struct {
		name   string
		damage func(*testing.T, string)
		edit   func(*history.Manifest)
		want   error
		says   string
		loads  bool // whether LoadArm of the main arm still succeeds
	}{
		{name: "deliveries cut inside a line", damage: truncate("deliveries.jsonl", 3), want: history.ErrShort, says: "deliveries.jsonl"},
		{name: "operations cut", damage: truncate("operations.gob", 1), want: history.ErrShort, says: "operations.gob"},
		{name: "ledger missing", damage: remove("ledgers/carrier.jsonl"), want: history.ErrMissing, says: "ledgers/carrier.jsonl"},
		{name: "ledger of another arm missing", damage: remove("arms/control/ledgers/wechat.jsonl"), want: history.ErrMissing, says: "arms/control/", loads: true},
		{name: "same length, other content", damage: rewrite("plan.jsonl", "资费", "资贫"), want: history.ErrChanged, says: "plan.jsonl", loads: true},
		{name: "line added", damage: rewrite("samples.jsonl", "\n", "\n{\"at_s\":1,\"probe\":\"p\",\"name\":\"x\",\"value\":1}\n"), want: history.ErrChanged, says: "samples.jsonl", loads: true},
		{name: "record changed", damage: rewrite("arm.json", `"scheduled": 5`, `"scheduled": 4`), want: history.ErrChanged, says: "arm.json", loads: true},
		{name: "required file not listed", edit: unlist("ledgers/carrier.jsonl"), want: history.ErrUnlisted, says: "ledgers/carrier.jsonl", loads: true},
		{name: "file listed twice", edit: func(m *history.Manifest) { m.Evidence = append(m.Evidence, m.Evidence[0]) }, want: history.ErrManifest, says: "twice", loads: true},
		{name: "path out of the folder", edit: func(m *history.Manifest) { m.Evidence[0].Path = "../x" }, want: history.ErrManifest, says: "out of the folder", loads: true},
		{name: "arm not named", edit: func(m *history.Manifest) { m.Arms = m.Arms[:1] }, want: history.ErrUnlisted, says: "arms/control", loads: true},
		{name: "extra ledger", damage: func(t *testing.T, dir string) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(dir, "ledgers", "x.jsonl"), []byte("{}\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, want: history.ErrUnlisted, says: "ledgers/x.jsonl", loads: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir, m := writeRun(t)
			if tc.damage != nil {
				tc.damage(t, dir)
			}
			if tc.edit != nil {
				tc.edit(&m)
			}
			err := errors.Join(history.VerifyEvidence(dir, m)...)
			if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("VerifyEvidence: %v, want %v naming %s", err, tc.want, tc.says)
			}
			if _, err := history.LoadArm(dir, "main", true); (err == nil) != tc.loads {
				t.Errorf("LoadArm: %v, loads = %v expected", err, tc.loads)
			}
		})
	}
}

func TestTornOperationsAreErrorsAtEveryByte(t *testing.T) {
	var buf bytes.Buffer
	enc := vegeta.NewEncoder(&buf)
	ends := map[int]bool{0: true}
	for i := range 3 {
		if err := enc.Encode(&vegeta.Result{Attack: "main", Seq: uint64(i), Timestamp: base, Code: 200}); err != nil {
			t.Fatal(err)
		}
		ends[buf.Len()] = true
	}
	path := filepath.Join(t.TempDir(), "operations.gob")
	whole := 0
	for n := range buf.Len() + 1 {
		if err := os.WriteFile(path, buf.Bytes()[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		ops, err := history.ReadOperations(path, "main", base)
		switch {
		case ends[n]:
			if err != nil || len(ops) != whole {
				t.Errorf("cut at %d, behind a whole result: %d operations, %v, want %d", n, len(ops), err, whole)
			}
			whole++
		case err == nil && len(ops) != max(whole-1, 0):
			// gob sends its type first; a cut right behind it is still a whole file.
			t.Errorf("cut at %d: %d operations and no error", n, len(ops))
		case err != nil && ops != nil:
			t.Errorf("cut at %d: operations came with %v", n, err)
		}
	}
	if _, err := history.ReadOperations(path, "other", base); err == nil {
		t.Error("results of another attack were taken")
	}
}

func TestLoadArmChecksThatFilesBelongTogether(t *testing.T) {
	for _, tc := range []struct{ name, file, text, says string }{
		{"gap in the plan", "plan.jsonl", "{\"seq\":1,\"due_s\":0,\"kind\":\"text\",\"openid\":\"o\",\"msg_id\":\"m\"}\n", "want 0"},
		{"operation never planned", "plan.jsonl", "{\"seq\":0,\"due_s\":0,\"kind\":\"text\",\"openid\":\"o\",\"msg_id\":\"m\"}\n", "never planned"},
		{"record of another arm", "arm.json", `{"arm":"x","base":"2026-01-01T00:00:00Z"}`, `want "main"`},
		{"record without base", "arm.json", `{"arm":"main"}`, "no base time"},
		{"record torn", "arm.json", `{"arm":"ma`, "torn"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir, _ := writeRun(t)
			if err := os.WriteFile(filepath.Join(dir, tc.file), []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if a, err := history.LoadArm(dir, "main", true); err == nil || a != nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("LoadArm: %v, want an error with %q", err, tc.says)
			}
		})
	}
}

func TestManifestErrors(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       error
	}{
		{"torn", `{"scenario":"smoke","arms":["ma`, history.ErrManifest},
		{"empty", ``, history.ErrManifest},
		{"no arms", `{"scenario":"smoke"}`, history.ErrManifest},
		{"two values", `{"scenario":"smoke","arms":["a"]}{}`, history.ErrManifest},
		{"arm out of the folder", `{"scenario":"smoke","arms":["a","../b"]}`, history.ErrManifest},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "run.json"), []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := history.ReadManifest(dir); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
	if _, err := history.ReadManifest(t.TempDir()); !errors.Is(err, history.ErrNoManifest) {
		t.Errorf("no run.json: %v, want ErrNoManifest", err)
	}
}

func TestManifestIsWrittenWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	m := history.Manifest{Scenario: "smoke", Arms: []string{"main"}}
	if err := history.WriteManifest(dir, m); err != nil {
		t.Fatal(err)
	}
	bad := m
	bad.Figures = []history.Figure{{Name: "x", Value: math.NaN()}}
	if err := history.WriteManifest(dir, bad); err == nil {
		t.Error("a figure that is no number was written")
	}
	if got, err := history.ReadManifest(dir); err != nil || len(got.Figures) != 0 {
		t.Errorf("the manifest before is gone: %v, %v", got, err)
	}
	// A rename that cannot happen leaves no temporary file behind.
	blocked := t.TempDir()
	if err := os.MkdirAll(filepath.Join(blocked, "run.json", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := history.WriteManifest(blocked, m); err == nil {
		t.Error("a manifest replaced a folder")
	}
	for _, d := range []string{dir, blocked} {
		entries, err := os.ReadDir(d)
		if err != nil || len(entries) != 1 {
			t.Errorf("%s holds %v, want run.json only", d, entries)
		}
	}
}

func TestFolderErrors(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := history.CreateFolder(full); !errors.Is(err, history.ErrNotEmpty) {
		t.Errorf("non-empty folder: %v, want ErrNotEmpty", err)
	}
	for name, dir := range map[string]string{"a file": filepath.Join(full, "x"), "under a file": filepath.Join(full, "x", "y")} {
		if _, err := history.CreateFolder(dir); !errors.Is(err, history.ErrUnwritable) {
			t.Errorf("%s: %v, want ErrUnwritable", name, err)
		}
	}
	f, err := history.CreateFolder(t.TempDir()) // empty and existing is fine
	if err != nil {
		t.Fatal(err)
	}
	a, err := f.Arm("main", true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	for _, arm := range []struct {
		name string
		main bool
	}{{"other", true}, {"main", false}, {"..", false}, {"a/b", false}, {"", false}} {
		if _, err := f.Arm(arm.name, arm.main); err == nil {
			t.Errorf("arm %q (main %v) was opened", arm.name, arm.main)
		}
	}
	if err := a.WriteRecord(history.ArmRecord{Arm: "other"}); err == nil {
		t.Error("the record of another arm was taken")
	}
}

func TestPlanHash(t *testing.T) {
	plan := func() history.PlannedArm {
		return history.PlannedArm{
			Arm:    "main",
			Ops:    []history.PlannedOp{{Seq: 0, DueS: 0.1, Kind: "text", OpenID: "o1", Text: "a"}, {Seq: 1, DueS: 0.2, Kind: "query", OpenID: "o2"}},
			Faults: []history.PlannedFault{{Name: "carrier-slow", Target: "carrier", FromS: 1, ToS: 2}},
		}
	}
	hash := func(a history.PlannedArm) string { return history.PlanHash([]history.PlannedArm{a}) }
	want := hash(plan())
	if len(want) != 64 || hash(plan()) != want {
		t.Fatalf("hash %q is not the same for the same plan", want)
	}
	for name, change := range map[string]struct {
		edit func(*history.PlannedArm)
		same bool
	}{
		"due time":        {edit: func(a *history.PlannedArm) { a.Ops[0].DueS += 1e-5 }},
		"last bit":        {edit: func(a *history.PlannedArm) { a.Ops[0].DueS = math.Nextafter(0.1, 1) }, same: true},
		"follower":        {edit: func(a *history.PlannedArm) { a.Ops[1].OpenID = "o3" }},
		"kind":            {edit: func(a *history.PlannedArm) { a.Ops[1].Kind = "order" }},
		"text moved over": {edit: func(a *history.PlannedArm) { a.Ops[0].Text, a.Ops[0].Event = "", "a" }},
		"fault time":      {edit: func(a *history.PlannedArm) { a.Faults[0].ToS = 3 }},
		"fault target":    {edit: func(a *history.PlannedArm) { a.Faults[0].Target = "server" }},
		"arm name":        {edit: func(a *history.PlannedArm) { a.Arm = "x" }},
	} {
		p := plan()
		change.edit(&p)
		if got := hash(p); (got == want) != change.same {
			t.Errorf("%s: same hash = %v, want %v", name, got == want, change.same)
		}
	}
}

func TestAbandonLeavesNothingThatLooksLikeARun(t *testing.T) {
	for _, logs := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), "run")
		f, err := history.CreateFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		a, err := f.Arm("main", true)
		if err != nil {
			t.Fatal(err)
		}
		b, err := f.Arm("control", false)
		if err != nil {
			t.Fatal(err)
		}
		for path, text := range map[string]string{
			a.CarrierLedger(): "{}\n", filepath.Join(b.LogDir(), "empty.log"): "", filepath.Join(b.LogDir(), "why.log"): "port is busy",
		} {
			if text == "port is busy" && !logs {
				continue
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Abandon(); err != nil {
			t.Fatal(err)
		}
		var left []string
		_ = filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				left = append(left, filepath.Base(p))
			}
			return nil
		})
		var want []string
		if logs {
			want = []string{"why.log"}
		}
		if d := cmp.Diff(want, left); d != "" {
			t.Errorf("logs %v: files left (-want +got):\n%s", logs, d)
		}
		if _, err := os.Stat(dir); (err == nil) != logs {
			t.Errorf("logs %v: folder: %v", logs, err)
		}
	}
}
