package judge

import (
	"encoding/gob"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"oalab/internal/jsonl"
	cl "oalab/mockcarrier/ledger"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

var update = flag.Bool("update", false, "write the stored run in testdata anew")

// storedRun is a small run folder as a run leaves it, with two arms.
const storedRun = "testdata/run"

// storedSpecs is what the stored run is judged by.
func storedSpecs() []Spec {
	return []Spec{
		{
			Arm:      "main",
			Checkers: []check.Checker{check.Replies{Min: 2}, check.Orders{Min: 5, MinPerWindow: map[string]int{"kill-server": 1}}},
			Objectives: []Objective{
				{Figure: "p99_due_s/carrier-down", Relation: "<", Limit: 1, MinN: 2},
				{Figure: "error_ratio", Relation: "<=", Limit: 0.1, MinN: 10},
				{Figure: "outbox_rows_end", Relation: "==", Limit: 0},
			},
			Effects: []Effect{
				{Fault: "carrier-down", What: "carrier errors", Min: 1, Count: CounterRose("oalab_carrier_errors_total")},
				{Fault: "kill-server", What: "refused tries", Min: 1, Count: TriesRefused},
				{Fault: "reply-lost", What: "lost answers", Min: 1, Count: TriesLost},
			},
		},
		{
			Arm: "control", Control: true,
			Checkers:   []check.Checker{check.Replies{}, check.Orders{Min: 3}},
			Objectives: []Objective{{Figure: "outage_s", Relation: "==", Limit: 0, MinN: 10}},
		},
	}
}

// storedArms makes the two arms of the stored run.
func storedArms() []*history.Arm {
	main := lab.New()
	main.Record.Load.DurationS = 30
	for i := range 40 {
		due := 0.25 + float64(i)*0.7
		down := due >= 13.5 && due < 15
		switch {
		case i%5 == 0 && down:
			serial := lab.SerialOf(uint64(i))
			seq := main.Send(history.KindOrder, due, lab.RefusedTry(), lab.OKTry(lab.Acknowledgement(serial)))
			main.Applied(seq, serial)
			main.Told(seq, serial)
		case i%5 == 0:
			main.Order(due)
		case down:
			main.Send(history.KindText, due, lab.RefusedTry(), lab.OKTry("<xml>a</xml>"))
		case due >= 20 && due < 23:
			main.Send(history.KindText, due, lab.LostTry("<xml>a</xml>"), lab.OKTry("<xml>a</xml>"))
		default:
			main.Send(history.KindText, due, lab.OKTry("<xml>a</xml>"))
		}
	}
	main.Window("carrier-down", 6, 8)
	main.Window("kill-server", 13.5, 15)
	main.Window("reply-lost", 20, 23)
	main.Record.Phases = []history.Phase{
		{Name: "steady", FromS: 0, ToS: 6},
		{Name: "fault", FromS: 6, ToS: 23},
		{Name: "recovery", FromS: 23, ToS: 30},
	}
	for i := range 40 {
		errors := 0.0
		if i > 6 {
			errors = 5
		}
		main.Sample(float64(i), `oalab_carrier_errors_total{class="refused",op="OrderProduct"}`, errors)
		main.Sample(float64(i), `oalab_queue_depth{queue="orders"}`, 0)
		main.Sample(float64(i), "oalab_outbox_rows", 0)
		main.Sample(float64(i), "oalab_work_in_flight", 0)
	}
	lab.Seal(main.Arm)

	control := lab.New()
	control.Name, control.Record.Arm, control.Record.Load.DurationS = "control", "control", 15
	for i := range 20 {
		if due := 0.25 + float64(i)*0.7; i%5 == 0 {
			control.Order(due)
		} else {
			control.Send(history.KindText, due, lab.OKTry("<xml>a</xml>"))
		}
	}
	lab.Seal(control.Arm)
	return []*history.Arm{main.Arm, control.Arm}
}

// result has the fields of a vegeta result, which the gob stream consists of.
type result struct {
	Attack    string
	Seq       uint64
	Code      uint16
	Timestamp time.Time
	Latency   time.Duration
	Error     string
	Headers   http.Header
}

// store writes the arms into dir as a run would, sealed, and returns the manifest.
func store(t *testing.T, dir string, arms []*history.Arm) history.Manifest {
	t.Helper()
	f, err := history.CreateFolder(dir)
	must(t, err)
	m := history.Manifest{
		Scenario: "smoke", Topology: "embedded", Size: "short", Seed: 7, Started: lab.Base, DurationS: 45,
		Environment: map[string]string{"cpus": "2", "go": "go1.26.8"},
		Versions:    map[string]string{"oalab": "devel"},
		Command:     []string{"oalab", "run", "smoke", "--seed", "7"},
	}
	var planned []history.PlannedArm
	for i, a := range arms {
		m.Arms = append(m.Arms, a.Name)
		planned = append(planned, history.PlannedArm{Arm: a.Name, Ops: a.Plan})
		w, err := f.Arm(a.Name, i == 0)
		must(t, err)
		must(t, w.WritePlan(a.Plan))
		enc := gob.NewEncoder(w.Operations())
		for _, op := range a.Operations {
			must(t, enc.Encode(result{
				Attack: a.Name, Seq: op.Seq, Code: uint16(op.Status), Timestamp: lab.At(op.StartS),
				Latency: time.Duration(op.LatencyS * float64(time.Second)), Error: op.Error,
			}))
		}
		for _, d := range a.Deliveries {
			must(t, w.WriteDelivery(d))
		}
		for _, s := range a.Samples {
			must(t, w.WriteSample(s))
		}
		lines(t, w.WeChatLedger(), a.WeChat)
		lines(t, w.CarrierLedger(), a.Carrier)
		must(t, w.WriteRecord(a.Record))
		must(t, w.Close())
	}
	m.PlanSHA256 = history.PlanHash(planned)
	m.Evidence, err = f.Seal()
	must(t, err)
	must(t, f.WriteManifest(m))
	return m
}

func lines[T any](t *testing.T, path string, records []T) {
	t.Helper()
	w, err := jsonl.Create(path)
	must(t, err)
	for i := range records {
		must(t, w.Write(&records[i]))
	}
	must(t, w.Close())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// copied is the stored run in a folder that a test may spoil.
func copied(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	must(t, os.CopyFS(dir, os.DirFS(storedRun)))
	return dir
}

// planted is the stored run with its main arm edited and sealed anew, as if the run
// had left it so.
func planted(t *testing.T, edit func(*lab.Lab)) (string, history.Manifest) {
	t.Helper()
	main, err := history.LoadArm(storedRun, "main", true)
	must(t, err)
	control, err := history.LoadArm(storedRun, "control", false)
	must(t, err)
	edit(&lab.Lab{Arm: main})
	dir := filepath.Join(t.TempDir(), "run")
	return dir, store(t, dir, []*history.Arm{main, control})
}

// firstOrder is the seq of the first order of an arm.
func firstOrder(l *lab.Lab) uint64 {
	return uint64(slices.IndexFunc(l.Plan, func(p history.PlannedOp) bool { return p.Kind == history.KindOrder }))
}

// without drops the carrier's lines of an order.
func without(l *lab.Lab, seq uint64) {
	l.Carrier = slices.DeleteFunc(l.Carrier, func(e cl.Entry) bool { return e.Phone == l.Plan[seq].Phone })
}
