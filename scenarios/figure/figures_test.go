package figure

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

// value is a figure without its unit.
type value struct {
	Value float64
	N     int
}

func figuresOf(a *history.Arm) map[string]value {
	out := map[string]value{}
	for _, f := range All(a, a.Record.Windows) {
		out[f.Name] = value{f.Value, f.N}
	}
	return out
}

// TestFigures computes all figures of a small arm that was worked out by hand: ten
// operations, one window of one fault and two of another.
func TestFigures(t *testing.T) {
	l := lab.New()
	l.Order(1)
	lost := l.Order(11) // in the window of carrier-down
	l.Carrier = l.Carrier[:1]
	l.Told(lost, lab.SerialOf(lost)) // repeated by a test, delivered by mistake
	l.WeChat[len(l.WeChat)-1].Effect = "repeated"
	doubled := l.Order(12)
	l.Applied(doubled, lab.SerialOf(doubled))
	l.Send(history.KindText, 21, lab.RefusedTry(), lab.OKTry("a"))                     // kill-server
	l.Send(history.KindText, 22, lab.RefusedTry(), lab.RefusedTry(), lab.RefusedTry()) // kill-server, failed
	l.Send(history.KindText, 31, lab.LostTry("a"), lab.OKTry("b"))                     // kill-server again
	l.Send(history.KindOrder, 40, lab.TimedOutTry(), lab.TimedOutTry(), lab.TimedOutTry())
	l.Send(history.KindOrder, 41, lab.OKTry("no"))
	l.Send(history.KindText, 50) // dropped, 5 s before the last was over
	l.Send(history.KindText, 51, lab.OKTry("a"))
	l.Operations[8].StartS = 51.5 // late with a worker free
	l.Window("carrier-down", 10, 15)
	l.Window("kill-server", 20, 23)
	l.Window("kill-server", 30, 33)
	l.Sample(100, `oalab_queue_depth{queue="orders"}`, 0)
	l.Sample(100, "oalab_outbox_rows", 2)

	want := map[string]value{
		"arrivals_scheduled": {10, 10}, "arrivals_late": {1, 9}, "arrivals_dropped": {1, 10},
		"throughput_per_s": {6.0 / 60, 6}, // ok within 60 s: 3 orders, 2 retried texts and the last; one was rejected
		// Seven were answered: two were not after all their tries, and one was never sent.
		"p50_due_s": {0.01, 7}, "p95_due_s": {5.01, 7}, "p99_due_s": {5.01, 7}, "p999_due_s": {5.01, 7},
		"p50_sent_s": {0.01, 7}, "p95_sent_s": {5.01, 7}, "p99_sent_s": {5.01, 7}, "p999_sent_s": {5.01, 7},
		"error_ratio": {0.3, 10}, "failed_requests": {2, 9}, "tries_failed": {8, 15},
		"messages_retried": {4, 9}, "orders_retried": {1, 5}, "replies_inconsistent": {1, 1},
		"outage_s": {14, 15}, "orders_acknowledged": {3, 5}, "orders_lost": {1, 3}, "orders_doubled": {1, 5},
		"results_told": {3, 4}, "queue_depth_end": {0, 1}, "outbox_rows_end": {2, 1},
		"pacing_error_p99_s": {5, 9}, "generator_ceiling_per_s": {1000, 1}, "generator_share": {0.01, 1},

		"p50_due_s/carrier-down": {0.01, 2}, "p95_due_s/carrier-down": {0.01, 2}, "p99_due_s/carrier-down": {0.01, 2}, "p999_due_s/carrier-down": {0.01, 2},
		"p50_sent_s/carrier-down": {0.01, 2}, "p95_sent_s/carrier-down": {0.01, 2}, "p99_sent_s/carrier-down": {0.01, 2}, "p999_sent_s/carrier-down": {0.01, 2},
		"error_ratio/carrier-down": {0, 2}, "failed_requests/carrier-down": {0, 2}, "tries_failed/carrier-down": {0, 2},
		"messages_retried/carrier-down": {0, 2}, "orders_retried/carrier-down": {0, 2}, "replies_inconsistent/carrier-down": {0, 0},
		"outage_s/carrier-down": {0, 2}, "orders_acknowledged/carrier-down": {2, 2}, "orders_lost/carrier-down": {1, 2}, "orders_doubled/carrier-down": {1, 2},

		"p50_due_s/kill-server": {5.01, 2}, "p95_due_s/kill-server": {5.01, 2}, "p99_due_s/kill-server": {5.01, 2}, "p999_due_s/kill-server": {5.01, 2},
		"p50_sent_s/kill-server": {5.01, 2}, "p95_sent_s/kill-server": {5.01, 2}, "p99_sent_s/kill-server": {5.01, 2}, "p999_sent_s/kill-server": {5.01, 2},
		"error_ratio/kill-server": {1.0 / 3, 3}, "failed_requests/kill-server": {1, 3}, "tries_failed/kill-server": {5, 7},
		"messages_retried/kill-server": {3, 3}, "orders_retried/kill-server": {0, 0}, "replies_inconsistent/kill-server": {1, 1},
		// From the success at 12 to the one at 26, and from there to the one at 36.
		"outage_s/kill-server": {14, 7}, "orders_acknowledged/kill-server": {0, 0}, "orders_lost/kill-server": {0, 0}, "orders_doubled/kill-server": {0, 0},
	}
	if d := cmp.Diff(want, figuresOf(l.Arm), cmpopts.EquateApprox(0, 1e-6)); d != "" {
		t.Errorf("figures (-want +got):\n%s", d)
	}
}

// TestLateStartCountsAgainstTheSystem is coordinated omission in small: the sender
// waited for a worker, and only the due-time latency shows it.
func TestLateStartCountsAgainstTheSystem(t *testing.T) {
	l := lab.New()
	l.Record.Load.MaxWorkers = 1
	for i := range 10 {
		l.Send(history.KindText, float64(i)/10, lab.OKTry("a"))
		l.Operations[i].StartS, l.Operations[i].LatencyS = float64(i)/10, 0.01
		if i > 0 {
			l.Operations[i].StartS = 1 + float64(i)/50
		}
	}
	l.Operations[0].LatencyS = 1.02
	got := figuresOf(l.Arm)
	if got["p50_sent_s"].Value > 0.02 || got["p50_due_s"].Value < 0.6 {
		t.Errorf("p50 from the start %v, from the due time %v", got["p50_sent_s"], got["p50_due_s"])
	}
	if g := account.Certify(l.Arm); g.Bound != "" || g.Charged == 0 || g.Charged != g.Late {
		t.Errorf("lateness behind a busy worker is the system's: %+v", g)
	}
}

func TestClosedModelIsDueWhenItStarts(t *testing.T) {
	l := lab.New()
	l.Record.Load.Model = "closed"
	l.Record.Load.PeakPerS = 0
	for i := range 5 {
		l.Send(history.KindText, 0, lab.OKTry("a"))
		l.Operations[i].StartS = float64(i)
	}
	got := figuresOf(l.Arm)
	if math.Abs(got["p99_due_s"].Value-got["p99_sent_s"].Value) > 1e-9 || got["pacing_error_p99_s"].Value != 0 || got["arrivals_late"].Value != 0 {
		t.Errorf("a closed model has no schedule to be late for: %v", got)
	}
	if g := account.Certify(l.Arm); g.PeakPerS != 5.0/60 {
		t.Errorf("peak of a closed model = %g/s, want what it reached", g.PeakPerS)
	}
}

func TestBareRequestsHaveNoTries(t *testing.T) {
	a := &history.Arm{
		Name: "main", Plan: []history.PlannedOp{{Seq: 0}, {Seq: 1, DueS: 1}},
		Operations: []history.Operation{{Seq: 0, LatencyS: 0.1, Status: 200}, {Seq: 1, StartS: 1, LatencyS: 0.1, Status: 500}},
	}
	got := figuresOf(a)
	for name := range got {
		if strings.HasPrefix(name, "tries") || strings.HasPrefix(name, "orders") {
			t.Errorf("a bare load has figure %s", name)
		}
	}
	if got["error_ratio"].Value != 0.5 || got["p50_due_s"].N != 2 {
		t.Errorf("figures of a bare load: %v", got)
	}
}

func TestLossIsUnknownBeforeRest(t *testing.T) {
	l := lab.New()
	l.Order(1)
	l.Record.DrainedS = 0
	if _, ok := figuresOf(l.Arm)["orders_lost"]; ok {
		t.Error("orders_lost is given though the system had not come to rest")
	}
}

func TestPhases(t *testing.T) {
	l := lab.New()
	l.Record.Phases = []history.Phase{{Name: "warm-up", FromS: 0, ToS: 10}, {Name: "steady", FromS: 10, ToS: 20}, {Name: "drain", FromS: 20, ToS: 30}}
	l.Send(history.KindText, 1, lab.OKTry("a"))
	l.Send(history.KindText, 10, lab.RefusedTry(), lab.OKTry("a"))
	l.Send(history.KindText, 11)
	got := account.Phases(l.Arm)
	if len(got) != 3 {
		t.Fatalf("%d phases, want 3", len(got))
	}
	if got[0].Name != "warm-up" || got[0].Scheduled != 1 || got[0].Due.N != 1 || got[0].Outcomes[account.OutcomeOK] != 1 {
		t.Errorf("warm-up: %+v", got[0])
	}
	if got[1].Scheduled != 2 || got[1].Started != 1 || got[1].Outcomes[account.OutcomeDropped] != 1 || got[1].TriesFailed != 1 || got[1].Tries != 2 {
		t.Errorf("steady: %+v", got[1])
	}
	if got[2].Scheduled != 0 || got[2].Due != (account.Latency{}) {
		t.Errorf("drain: %+v", got[2])
	}
	if w := account.Whole(l.Arm); w.Scheduled != 3 || w.ToS != 60 {
		t.Errorf("whole run: %+v", w)
	}
}
