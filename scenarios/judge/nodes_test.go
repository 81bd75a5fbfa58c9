package judge

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/account"
	"oalab/scenarios/check"
	"oalab/scenarios/figure"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
	"oalab/scenarios/stat"
)

// storedNodes is a run of three app servers behind Nginx, of which the second is slow for
// a while. Reports are tested with it too.
const storedNodes = "testdata/nodes"

func appAddr(n int) string { return fmt.Sprintf("198.18.0.%d:8080", 20+n) }

func threeApps(arm string, durationS float64) *lab.Lab {
	l := lab.New()
	l.Name, l.Record.Arm, l.Record.Load.DurationS = arm, arm, durationS
	for n := 1; n <= 3; n++ {
		l.Record.Nodes = append(l.Record.Nodes, history.Node{Name: fmt.Sprintf("app%d", n), Addr: appAddr(n)})
	}
	return l
}

// inTurn offers six messages a second to three app servers in turn, every fifth an order.
// While the second is slow, Nginx waits a second for it and goes on to the third.
func inTurn(l *lab.Lab, slow history.Window) {
	for i := range int(6 * l.Record.Load.DurationS) {
		due, n := float64(i)/6, i%3+1
		reply, kind := "<xml>a</xml>", history.KindText
		if i%5 == 0 {
			reply, kind = lab.Acknowledgement(lab.SerialOf(uint64(i))), history.KindOrder
		}
		d := lab.OKTry(reply)
		d.TookS, d.Upstream = 0.008+0.001*float64(i%7), appAddr(n)
		if n == 2 && slow.Contains(due) {
			d.TookS, d.Upstream, d.UpstreamS = 1.001+d.TookS, appAddr(2)+", "+appAddr(3), "1.001, -"
		}
		seq := l.Send(kind, due, d)
		if kind == history.KindOrder {
			l.Applied(seq, lab.SerialOf(seq))
			l.Told(seq, lab.SerialOf(seq))
		}
	}
	for s := range int(l.Record.Load.DurationS) + 3 { // until after the last answer
		at := float64(s)
		for i, n := range l.Record.Nodes {
			count := func(name string, perS float64) {
				l.Samples = append(l.Samples, history.Sample{AtS: at, Probe: n.Name + ".metrics", Name: name, Value: math.Round(at * perS)})
			}
			count("oalab_db_statements_total", 8)
			count(`oalab_callback_messages_total{outcome="reply",type="text"}`, 2)
			count(`oalab_cache_requests_total{cache="replies",result="hit"}`, 3)
			count(`oalab_cache_requests_total{cache="replies",result="miss"}`, 1)
			if i == 2 {
				continue // the third sends nothing
			}
			for within, le := range []string{"0.1", "0.3", "0.5", "1", "+Inf"} {
				count(`oalab_push_delay_seconds_bucket{le="`+le+`"}`, float64(min(within+1, 4)))
			}
			count("oalab_push_delay_seconds_sum", 2)
			count("oalab_push_delay_seconds_count", 4)
		}
	}
	lab.Seal(l.Arm)
}

func storedNodeArms() []*history.Arm {
	main, control := threeApps("main", 30), threeApps("control", 10)
	slow := history.Window{
		Fault: "slow-server", Arm: "main", Target: "app2",
		PlannedFromS: 12, PlannedToS: 15, FromS: 12, ToS: 15, HealedS: 15.2,
	}
	main.Record.Windows = []history.Window{slow}
	inTurn(main, slow)
	inTurn(control, history.Window{})
	return []*history.Arm{main.Arm, control.Arm}
}

func storedNodeSpecs() []Spec {
	checkers := []check.Checker{check.Replies{}, check.Orders{Min: 10}}
	objectives := []Objective{{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 10}}
	return []Spec{
		{
			Arm: "main", Checkers: checkers, Objectives: objectives,
			Effects: []Effect{{Fault: "slow-server", What: "windows", Min: 1, Count: Seen}},
		},
		{Arm: "control", Control: true, Checkers: checkers, Objectives: objectives},
	}
}

// TestASlowServerIsSeen is the planted case of PERF-1: followers are answered by the
// others, and the time is laid to the server that kept them waiting.
func TestASlowServerIsSeen(t *testing.T) {
	if *update {
		must(t, os.RemoveAll(storedNodes))
		m := store(t, storedNodes, storedNodeArms())
		m, err := Run(storedNodes, m, storedNodeSpecs())
		must(t, err)
		must(t, history.WriteManifest(storedNodes, m))
	}
	want, err := history.ReadManifest(storedNodes)
	must(t, err)
	blank := want
	blank.Verdict, blank.Reason, blank.Checkers, blank.Figures = history.Fail, "made up", nil, nil
	got, err := Run(storedNodes, blank, storedNodeSpecs())
	must(t, err)
	if d := cmp.Diff(want, got); d != "" || got.Verdict != history.Pass {
		t.Errorf("judged again (-stored +now), %s:\n%s", got.Reason, d)
	}
	figure := map[string]history.Figure{}
	for _, f := range got.Figures {
		figure[f.Name] = f
	}
	for _, name := range []string{"node_mean_s/", "node_p99_s/"} {
		slow := figure[name+"app2"]
		for _, other := range []string{"app1", "app3"} {
			well := figure[name+other]
			if well.N == 0 || slow.Value < 3*well.Value {
				t.Errorf("%sapp2 is %g s, of %s %g s (n %d): the slow one is not seen", name, slow.Value, other, well.Value, well.N)
			}
			if c, s := figure[name+other+"@control"], figure[name+"app2@control"]; c.N == 0 || s.Value > 1.5*c.Value {
				t.Errorf("without the fault %sapp2 is %g s, of %s %g s", name, s.Value, other, c.Value)
			}
		}
	}
	if f := figure["node_requests_failed/app2"]; f.Value != 6 || f.N != 60 {
		t.Errorf("failed at app2 %+v, want 6 of 60", f)
	}
	if f := figure["node_requests_failed/app3"]; f.Value != 0 || f.N != 66 {
		t.Errorf("failed at app3 %+v, want 0 of 66: those that app2 lost came to it", f)
	}
}

// TestNodes tells the tries and the counters of servers apart.
func TestNodes(t *testing.T) {
	l := threeApps("main", 10)
	upstream := func(d wl.Delivery, tookS float64, servers, times string) wl.Delivery {
		d.TookS, d.Upstream, d.UpstreamS = tookS, servers, times
		return d
	}
	one, two, three := appAddr(1), appAddr(2), appAddr(3)
	l.Send(history.KindText, 0, upstream(lab.OKTry("a"), 0.1, one, ""))
	l.Send(history.KindText, 1, upstream(lab.OKTry("a"), 0.3, one, ""))
	l.Send(history.KindText, 2, upstream(lab.OKTry("a"), 1.5, two+", "+one, "1.3, -"))                   // 0.2 at app1
	l.Send(history.KindText, 3, upstream(lab.StatusTry(504), 2, two+" : "+three, "1.5, 0.5"))            // failed at both
	l.Send(history.KindText, 4, upstream(lab.OKTry("a"), 0.9, two+", "+one, "x, -"))                     // for an unknown time
	l.Send(history.KindText, 5, upstream(lab.LostTry("a"), 5, one, ""))                                  // answered, and kept back
	l.Send(history.KindText, 6, upstream(lab.RefusedTry(), 0.001, three, ""))                            // no time at app3
	l.Send(history.KindText, 7, upstream(lab.TimedOutTry(), 5, "198.18.0.100:80", ""))                   // the load balancer
	l.Send(history.KindText, 8, upstream(lab.StatusTry(502), 0, "app", ""))                              // it had no server to ask
	l.Send(history.KindText, 9, upstream(lab.TimedOutTry(), 5, "", ""))                                  // never sent
	l.Deliveries = append(l.Deliveries, wl.Delivery{Attack: "other", Upstream: one, TookS: 9, OK: true}) // pushed by hand
	sample := func(at float64, server, name string, value float64) {
		l.Samples = append(l.Samples, history.Sample{AtS: at, Probe: server + ".metrics", Name: name, Value: value})
	}
	const text, order = `oalab_callback_messages_total{outcome="reply",type="text"}`, `oalab_callback_messages_total{outcome="reply",type="event"}`
	for i, at := range []float64{0, 1, 2, 3} {
		n := float64(i)
		sample(at, "app1", "oalab_db_statements_total", 100+6*n)
		sample(at, "app1", text, n)
		sample(at, "app1", order, 2*n)
		sample(at, "app2", "oalab_db_statements_total", []float64{0, 4, 1, 2}[i]) // restarted: 4 + 1 + 1
		sample(at, "app2", text, []float64{0, 1, 1, 1}[i])                        // the counter of its second life begins at 1
		sample(at, "app1", `oalab_cache_requests_total{cache="x",result="hit"}`, 3*n)
		sample(at, "app1", `oalab_cache_requests_total{cache="y",result="miss"}`, n)
		sample(at, "app1", `oalab_cache_requests_total{cache="y",result="done"}`, 50*n)
		sample(at, "app3", `oalab_cache_requests_total{cache="x",result="hit"}`, 7) // it looks nothing up
	}
	push := func(at float64, server string, upTo ...float64) {
		for i, le := range []string{"0.1", "0.5", "1", "+Inf"} {
			sample(at, server, `oalab_push_delay_seconds_bucket{le="`+le+`"}`, upTo[i])
		}
		sample(at, server, "oalab_push_delay_seconds_count", upTo[3])
		sample(at, server, "oalab_push_delay_seconds_sum", upTo[3]/4)
	}
	push(0, "app1", 0, 0, 0, 0)
	push(99, "app1", 50, 95, 100, 100) // long after the last answer
	push(0, "app3", 0, 0, 0, 0)
	push(99, "app3", 0, 0, 0, 4)

	point := func(v float64) stat.Interval { return stat.Interval{Value: v, Low: math.NaN(), High: math.NaN()} }
	want := account.Nodes{
		Told: true, Astray: 2,
		Push: account.PushDelay{N: 104, MeanS: 0.25, P99S: math.Inf(1), InTime: 95. / 104},
		Each: []account.Node{
			{
				Name: "app1", Requests: 5, PerS: 0.5, Timed: 3, Mean: point(0.2), P99: point(0.3),
				PerMessage: 2, Answered: 9, Hits: 0.75, Looked: 12, Push: account.PushDelay{N: 100, MeanS: 0.25, P99S: 1, InTime: 0.95},
			},
			{Name: "app2", Requests: 3, Failed: 3, PerS: 0.3, Timed: 2, Mean: point(1.4), P99: point(1.5), PerMessage: 6, Answered: 1, Hits: math.NaN(), Looked: -1},
			{
				Name: "app3", Requests: 2, Failed: 2, PerS: 0.2, Timed: 1, Mean: point(0.5), P99: point(0.5),
				PerMessage: math.NaN(), Hits: math.NaN(), Looked: 0, Push: account.PushDelay{N: 4, MeanS: 0.25, P99S: math.Inf(1)},
			},
		},
	}
	near := cmpopts.EquateApprox(0, 1e-9)
	if d := cmp.Diff(want, account.PerNode(l.Arm), near, cmpopts.EquateNaNs()); d != "" {
		t.Errorf("nodes (-want +got):\n%s", d)
	}
	for _, f := range figure.All(l.Arm, nil) {
		if f.Name == "node_push_delay_p99_s/app3" || f.Name == "node_cache_hit_ratio/app2" {
			t.Errorf("%s is %g, want none: it is not known", f.Name, f.Value)
		}
	}
}

// TestNodesOfOldEvidence: evidence that does not name the server of a try still has what servers counted.
func TestNodesOfOldEvidence(t *testing.T) {
	a, err := history.LoadArm(storedPair, "main", true)
	must(t, err)
	n := account.PerNode(a)
	if n.Told || n.Astray != 0 {
		t.Errorf("old evidence names the server of a try: %+v", n)
	}
	for _, f := range figure.All(a, account.Windows(a)) {
		for _, base := range []string{"node_requests_per_s", "node_mean_s", "node_p99_s", "node_requests_failed"} {
			if strings.HasPrefix(f.Name, base) {
				t.Errorf("figure %s of evidence that does not tell it", f.Name)
			}
		}
	}
}
