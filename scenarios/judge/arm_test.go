package judge

import (
	"strings"
	"testing"

	"oalab/scenarios/account"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

// TestOrderOfVerdicts holds the precedence of the design: bad evidence, interrupted,
// invariant violated, inconclusive, objective missed, pass; and what an arm that is
// meant to lose makes of it.
func TestOrderOfVerdicts(t *testing.T) {
	const p, f, i = history.Pass, history.Fail, history.Inconclusive
	missed := Objective{Figure: "p99_due_s", Relation: "<", Limit: 0.001}
	kept := Objective{Figure: "p99_due_s", Relation: "<", Limit: 1}
	absent := Objective{Figure: "orders_unfinished_end", Relation: "==", Limit: 0}
	refusals := Effect{Fault: "kill-server", What: "refused tries", Min: 1, Count: TriesRefused}
	bound := func(l *lab.Lab) { l.Record.Load.CeilingPerS = 12 }
	toothless := func(l *lab.Lab) { l.Window("kill-server", 10, 12) }
	bites := func(l *lab.Lab) {
		l.Window("kill-server", 10, 12)
		l.Send(history.KindText, 11, lab.RefusedTry(), lab.OKTry("a"))
	}
	torn := func(l *lab.Lab) { l.Deliveries = l.Deliveries[:len(l.Deliveries)-1] }

	tests := []struct {
		name   string
		spec   Spec
		build  func(*lab.Lab)
		want   history.Verdict
		reason string
	}{
		{"all held", Spec{Checkers: []check.Checker{says("orders", p)}, Objectives: []Objective{kept}}, nil, p, "1 checkers and 1 objectives held"},
		{"nothing to judge", Spec{}, nil, i, "nothing was judged"},
		{"violated", Spec{Checkers: []check.Checker{says("orders", f)}}, nil, f, "checker orders found 1 violations: first offender of orders"},
		{"checker inconclusive", Spec{Checkers: []check.Checker{says("orders", i)}}, nil, i, "checker orders is inconclusive"},
		{"checker panics", Spec{Checkers: []check.Checker{judgeOf{"orders", func(*history.Arm) check.Finding { panic("boom") }}}}, nil, i, "panicked: boom"},
		{"objective missed", Spec{Objectives: []Objective{missed}}, nil, f, "p99_due_s is 0.01 s, limit < 0.001 s (n 3)"},
		{"objective on too little", Spec{Objectives: []Objective{{"p99_due_s", "<", 1, 4}}}, nil, i, "p99_due_s rests on 3 observations, 4 wanted"},
		{"objective missed on too little", Spec{Objectives: []Objective{{"p99_due_s", "<", 0.001, 4}}}, nil, i, "rests on 3"},
		{"objective on a figure that is not there", Spec{Objectives: []Objective{absent}}, nil, i, "orders_unfinished_end cannot be had"},
		{"unknown relation", Spec{Objectives: []Objective{{"p99_due_s", "~", 1, 0}}}, nil, i, "relation"},
		{"two objectives missed", Spec{Objectives: []Objective{missed, {"error_ratio", ">", 0.5, 0}}}, nil, f, "(and 1 more)"},

		{"violated beats inconclusive", Spec{Checkers: []check.Checker{says("replies", i), says("orders", f)}}, nil, f, "orders"},
		{"violated beats generator-bound", Spec{Checkers: []check.Checker{says("orders", f)}}, bound, f, "orders"},
		{"violated beats a problem of the run", Spec{Checkers: []check.Checker{says("orders", f)}}, func(l *lab.Lab) { l.Record.Problems = []string{"probe never answered"} }, f, "orders"},
		{"violated beats a fault without effect", Spec{Checkers: []check.Checker{says("orders", f)}, Effects: []Effect{refusals}}, toothless, f, "orders"},
		{"inconclusive beats objective missed", Spec{Checkers: []check.Checker{says("orders", i)}, Objectives: []Objective{missed}}, nil, i, "orders"},
		{"generator-bound beats objective missed", Spec{Objectives: []Objective{missed}}, bound, i, "generator-bound: generator_share is 0.833"},
		{"not calibrated", Spec{Objectives: []Objective{kept}}, func(l *lab.Lab) { l.Record.Load.CeilingPerS = 0 }, i, "not calibrated"},
		{"problem of the run", Spec{Objectives: []Objective{kept}}, func(l *lab.Lab) { l.Record.Problems = []string{"probe never answered"} }, i, "probe never answered"},
		{"interrupted", Spec{Checkers: []check.Checker{says("orders", f)}}, func(l *lab.Lab) { l.Record.Interrupted = true }, i, "interrupted"},
		{"torn evidence beats violated", Spec{Checkers: []check.Checker{says("orders", f)}}, torn, i, "deliveries.jsonl has no try of seq 2, which was answered"},
		{"interrupted explains torn evidence", Spec{Checkers: []check.Checker{says("orders", f)}}, func(l *lab.Lab) { torn(l); l.Record.Interrupted = true }, i, "interrupted"},

		{"fault bites", Spec{Objectives: []Objective{kept}, Effects: []Effect{refusals}}, func(l *lab.Lab) { bites(l); l.Operations[3].LatencyS = 0.1 }, p, ""},
		{"fault without effect", Spec{Objectives: []Objective{kept}, Effects: []Effect{refusals}}, toothless, i, "fault kill-server shows no effect in window 1: 0 refused tries, at least 1 wanted"},
		{"second window without effect", Spec{Objectives: []Objective{kept}, Effects: []Effect{refusals}}, func(l *lab.Lab) { bites(l); l.Window("kill-server", 30, 31) }, i, "in window 2"},
		{"fault never injected", Spec{Objectives: []Objective{kept}, Effects: []Effect{refusals}}, nil, i, "fault kill-server was never injected"},
		{"fault never in effect", Spec{Objectives: []Objective{kept}, Effects: []Effect{{Fault: "kill-server", Count: TriesRefused}}}, func(l *lab.Lab) { l.Window("kill-server", 0, 0) }, i, "never in effect"},
		{"fault whose recovery failed", Spec{Objectives: []Objective{kept}, Effects: []Effect{{Fault: "kill-server", Count: TriesRefused}}}, func(l *lab.Lab) { toothless(l); l.Record.Windows[0].Error = "would not start again" }, i, "would not start again"},
		{"fault whose effect is not counted", Spec{Objectives: []Objective{kept}}, toothless, i, "nothing says how the effect of fault kill-server shows"},
		{"control arm with a fault", Spec{Control: true, Objectives: []Objective{kept}, Effects: []Effect{refusals}}, func(l *lab.Lab) { bites(l); l.Operations[3].LatencyS = 0.1 }, i, "control arm had fault kill-server"},

		{"violated as expected", Spec{Expect: Violate("orders"), Checkers: []check.Checker{says("orders", f), says("replies", p)}}, nil, p, "as it was meant to: first offender of orders"},
		{"not violated as expected", Spec{Expect: Violate("orders"), Checkers: []check.Checker{says("orders", p)}}, nil, f, "checker orders was meant to fail and passed"},
		{"another violated instead", Spec{Expect: Violate("orders"), Checkers: []check.Checker{says("orders", p), says("replies", f)}}, nil, f, "orders was meant to fail"},
		{"another violated too", Spec{Expect: Violate("orders"), Checkers: []check.Checker{says("orders", f), says("replies", f)}}, nil, f, "checker replies found 1 violations"},
		{"another violated too, as stated", Spec{Expect: Violate("orders", "replies"), Checkers: []check.Checker{says("orders", f), says("replies", f)}}, nil, p, ""},
		{"another may be violated and is not", Spec{Expect: Violate("orders", "replies"), Checkers: []check.Checker{says("orders", f), says("replies", p)}}, nil, p, ""},
		{"violated as expected, generator-bound", Spec{Expect: Violate("orders"), Checkers: []check.Checker{says("orders", f)}}, bound, p, "meant to"},
		{"expected violation undecided", Spec{Expect: Violate("orders"), Checkers: []check.Checker{says("orders", i)}}, nil, i, "orders is inconclusive"},
		{"not violated, but the fault had no effect", Spec{Expect: Violate("orders"), Checkers: []check.Checker{says("orders", p)}, Effects: []Effect{refusals}}, toothless, i, "shows no effect"},
		{"not violated, the fault had no effect, another violated", Spec{Expect: Violate("orders"), Checkers: []check.Checker{says("orders", p), says("replies", f)}, Effects: []Effect{refusals}}, toothless, f, ""},
		{"expected violation of a checker that is not asked", Spec{Expect: Violate("tokens"), Checkers: []check.Checker{says("orders", p)}}, nil, i, "tokens was meant to fail and is not among"},
		{"violated as expected, objective missed", Spec{Expect: Violate("orders"), Checkers: []check.Checker{says("orders", f)}, Objectives: []Objective{missed}}, nil, f, "p99_due_s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := lab.New()
			for n := range 3 {
				l.Send(history.KindText, float64(n), lab.OKTry("a"))
			}
			if tt.build != nil {
				tt.build(l)
			}
			tt.spec.Arm = "main"
			got := Arm(tt.spec, l.Arm)
			if got.Verdict != tt.want || !strings.Contains(got.Reason, tt.reason) {
				t.Errorf("got %s: %s\nwant %s: …%s…", got.Verdict, got.Reason, tt.want, tt.reason)
			}
			for _, c := range got.Checkers {
				if got.Verdict == p && c.Expected != c.Verdict {
					t.Errorf("arm passes, but checker %s says %s, expected %s", c.Name, c.Verdict, c.Expected)
				}
			}
		})
	}
}

func TestInterruptedArmAsksNoChecker(t *testing.T) {
	l := lab.New()
	l.Send(history.KindText, 1, lab.OKTry("a"))
	l.Record.Interrupted = true
	got := Arm(Spec{Arm: "main", Checkers: []check.Checker{says("orders", history.Fail)}}, l.Arm)
	if got.Reason != "interrupted" || got.Checkers[0].Verdict != history.Inconclusive || len(got.Figures) == 0 {
		t.Errorf("%+v", got)
	}
}

func TestObjectivesEnterTheirLimits(t *testing.T) {
	l := lab.New()
	l.Send(history.KindText, 1, lab.OKTry("a"))
	l.Window("noop", 1, 2)
	got := Arm(Spec{
		Arm:        "main",
		Objectives: []Objective{{"p99_due_s", "<", 1, 1}, {"p99_due_s", ">", 0.5, 1}},
		Effects:    []Effect{{Fault: "noop", What: "failed tries", Count: TriesFailed}},
	}, l.Arm)
	var lines []history.Figure
	for _, f := range got.Figures {
		if f.Limit != nil {
			lines = append(lines, f)
		}
	}
	if len(lines) != 3 {
		t.Fatalf("%d figures with a limit, want both objectives and the effect: %+v", len(lines), lines)
	}
	if f := lines[0]; f.Name != "p99_due_s" || f.Relation != "<" || *f.Limit != 1 || !*f.OK {
		t.Errorf("first objective: %+v", f)
	}
	if f := lines[1]; f.Name != "p99_due_s" || f.Relation != ">" || *f.Limit != 0.5 || *f.OK {
		t.Errorf("second objective: %+v", f)
	}
	if fault, ok := EffectFault(lines[2]); !ok || fault != "noop" || lines[2].Unit != "failed tries" {
		t.Errorf("effect: %+v", lines[2])
	}
	if _, ok := EffectFault(lines[0]); ok {
		t.Error("an objective is taken for an effect")
	}
}

func TestCompare(t *testing.T) {
	for _, tt := range []struct {
		relation           string
		below, same, above bool
	}{
		{"<", true, false, false},
		{"<=", true, true, false},
		{">", false, false, true},
		{">=", false, true, true},
		{"==", false, true, false},
	} {
		for v, want := range map[float64]bool{1: tt.below, 2: tt.same, 3: tt.above} {
			if got, err := compare(v, tt.relation, 2); got != want || err != nil {
				t.Errorf("%g %s 2 = %v, %v", v, tt.relation, got, err)
			}
		}
	}
}

func TestContradictions(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(*lab.Lab)
		want  string // "" for evidence that holds together
	}{
		{"whole", func(*lab.Lab) {}, ""},
		{"last try missing", func(l *lab.Lab) { l.Deliveries = l.Deliveries[:len(l.Deliveries)-1] }, "no successful try of seq 1"},
		{"all tries missing", func(l *lab.Lab) { l.Deliveries = nil }, "no try of seq 0"},
		{"first try missing", func(l *lab.Lab) { l.Deliveries = append(l.Deliveries[:1:1], l.Deliveries[2:]...) }, "try 2 of seq 1 where try 1 belongs"},
		{"a try delivered twice by a fault", func(l *lab.Lab) { l.Deliveries = append(l.Deliveries, l.Deliveries[0]) }, ""},
		{"a try without a number", func(l *lab.Lab) { l.Deliveries[0].Try = 0 }, "try 0 of seq 0 where try 1 belongs"},
		{"an event, which has no message id", func(l *lab.Lab) { l.Plan[0].MsgID, l.Deliveries = "", l.Deliveries[1:] }, "no try of seq 0"},
		{"a success that failed", func(l *lab.Lab) { l.Operations[0].Status = 503 }, "a successful try of seq 0, which failed with status 503"},
		{"the generator gave up", func(l *lab.Lab) { l.Operations[0].Status = 0 }, ""},
		{"operations missing", func(l *lab.Lab) { l.Record.Load.Started = 3 }, "operations.gob has 2 operations, 3 were started"},
		{"plan missing", func(l *lab.Lab) { l.Record.Load.Scheduled = 3 }, "plan.jsonl has 2 operations, 3 were scheduled"},
		{"try of an unplanned operation", func(l *lab.Lab) { l.Deliveries[0].Seq = 9 }, "try of seq 9, which was never planned"},
		{"try to another follower", func(l *lab.Lab) { l.Deliveries[0].OpenID = "oX" }, "to openid oX"},
		{"message pushed by hand", func(l *lab.Lab) {
			d := l.Deliveries[0]
			d.Attack, d.Seq = "", 99
			l.Deliveries = append(l.Deliveries, d)
		}, ""},
	}
	for _, tt := range tests {
		l := lab.New()
		l.Send(history.KindText, 1, lab.OKTry("a"))
		l.Send(history.KindText, 2, lab.RefusedTry(), lab.OKTry("a"))
		tt.spoil(l)
		got := contradictions(l.Arm)
		if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestGenerator: a generator that stood still with an idle server is bound; one that
// waited for busy workers is not, and neither is one that slipped once.
func TestGenerator(t *testing.T) {
	tests := []struct {
		name  string
		build func(*lab.Lab)
		bound string
	}{
		{"punctual", func(*lab.Lab) {}, ""},
		{"stopped and continued", func(l *lab.Lab) {
			for i := range l.Operations {
				if i%2 == 0 {
					l.Operations[i].StartS += 0.1
				}
			}
		}, "generator-bound: pacing_error_p99_s is 0.1000 with workers free, limit 0.020"},
		{"slipped once", func(l *lab.Lab) { l.Operations[77].StartS += 0.5 }, ""},
		{"above 70 % of the ceiling", func(l *lab.Lab) { l.Record.Load.PeakPerS = 701 }, "generator_share is 0.701 (peak 701/s of a ceiling of 1000/s)"},
		{"at 70 % of the ceiling", func(l *lab.Lab) { l.Record.Load.PeakPerS = 700 }, ""},
		{"not calibrated", func(l *lab.Lab) { l.Record.Load.CeilingPerS = 0 }, "not calibrated"},
		{"nothing started", func(l *lab.Lab) { l.Operations = nil }, "no operation was ever started"},
	}
	for _, tt := range tests {
		l := lab.New()
		for i := range 200 {
			l.Send(history.KindText, float64(i)/20, lab.OKTry("a"))
		}
		tt.build(l)
		got := account.Certify(l.Arm).Bound
		if (tt.bound == "") != (got == "") || !strings.Contains(got, tt.bound) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.bound)
		}
	}
}
