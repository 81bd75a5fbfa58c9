package check

import (
	"fmt"
	"math"
	"testing"

	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/account"
	"oalab/scenarios/figure"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

// offered makes the record of a system that answers 20 tries a second, offered 20 messages/s
// for 5 s, 80/s for 10 s and 5/s for 20 s. share is the share of its capacity that it still
// answers in a second; the rest of the tries of that second get 429.
func offered(share func(second int) float64) *history.Arm {
	const perS = 20
	l := lab.New()
	l.Record.Phases = []history.Phase{{Name: "1x", ToS: 5}, {Name: "4x", FromS: 5, ToS: 15}, {Name: "0.25x", FromS: 15, ToS: 35}}
	type pending struct {
		due   float64
		tries []wl.Delivery
	}
	var arrivals []*pending
	for _, p := range l.Record.Phases {
		rate := map[string]float64{"1x": 20, "4x": 80, "0.25x": 5}[p.Name]
		for i := range int(rate * (p.ToS - p.FromS)) {
			arrivals = append(arrivals, &pending{due: p.FromS + (float64(i)+0.5)/rate})
		}
	}
	for second := range 50 {
		left := int(math.Round(perS * share(second)))
		for _, a := range arrivals {
			next := a.due + 5*float64(len(a.tries))
			done := len(a.tries) == 3 || len(a.tries) > 0 && a.tries[len(a.tries)-1].OK
			if done || int(next) != second {
				continue
			}
			if left > 0 {
				left--
				a.tries = append(a.tries, lab.OKTry("x"))
			} else {
				a.tries = append(a.tries, lab.StatusTry(429))
			}
		}
	}
	for _, a := range arrivals {
		l.Send(history.KindText, a.due, a.tries...)
	}
	return l.Arm
}

// collapse is a share of capacity that falls to a tenth under the overload.
func collapse(second int) float64 {
	if second >= 6 && second < 15 {
		return 0.1
	}
	return 1
}

// silence is a collapse to no answer at all, which no full machine explains.
func silence(second int) float64 {
	if second >= 6 && second < 15 {
		return 0
	}
	return 1
}

func TestGoodputAndRecovery(t *testing.T) {
	all := func(int) float64 { return 1 }
	for name, tc := range map[string]struct {
		share             func(int) float64
		goodput, recovery history.Verdict
		least, most       float64 // of goodput_ratio
		recoversIn        float64
	}{
		"plateau": {all, history.Pass, history.Pass, 0.99, 1, 0},
		"a tenth is lost": {func(s int) float64 {
			if s >= 5 && s < 15 {
				return 0.9
			}
			return 1
		}, history.Pass, history.Pass, 0.85, 0.95, 0},
		"collapse": {collapse, history.Fail, history.Pass, 0, 0.2, 0},
		"it never gets well": {func(s int) float64 {
			if s >= 25 {
				return 0
			}
			return 1
		}, history.Pass, history.Fail, 0.99, 1, 10},
	} {
		t.Run(name, func(t *testing.T) {
			a := offered(tc.share)
			if f := (Goodput{}).Check(a); f.Verdict != tc.goodput {
				t.Errorf("goodput: %s: %s", f.Verdict, f.Detail)
			}
			if f := (Recovery{WithinS: 5}).Check(a); f.Verdict != tc.recovery {
				t.Errorf("recovery: %s: %s", f.Verdict, f.Detail)
			}
			figures := map[string]float64{}
			for _, f := range figure.All(a, nil) {
				figures[f.Name] = f.Value
			}
			if r := figures["goodput_ratio"]; r < tc.least || r > tc.most {
				t.Errorf("goodput_ratio %g, want %g to %g", r, tc.least, tc.most)
			}
			if s := figures["recovery_s"]; math.Abs(s-tc.recoversIn) > 1 {
				t.Errorf("recovery_s %g, want %g", s, tc.recoversIn)
			}
		})
	}
	quiet := lab.New()
	quiet.Record.Phases = []history.Phase{{Name: "steady", ToS: 10}}
	for i := range 100 {
		quiet.Send(history.KindText, float64(i)/10, lab.OKTry("x"))
	}
	for _, c := range []Checker{Goodput{}, Recovery{WithinS: 5}} {
		if f := c.Check(quiet.Arm); f.Verdict != history.Inconclusive {
			t.Errorf("%s without overload: %s: %s", c.Name(), f.Verdict, f.Detail)
		}
	}
	for _, f := range figure.All(quiet.Arm, nil) {
		if f.Name == "goodput_ratio" || f.Name == "recovery_s" {
			t.Errorf("an arm without overload has %s", f.Name)
		}
	}
}

func TestPlateau(t *testing.T) {
	steps := []history.Step{{Clients: 2, Requests: 200}, {Clients: 10, Requests: 600}, {Clients: 50, Requests: 600}}
	for name, tc := range map[string]struct {
		failed float64 // share of the operations with 50 clients
		want   history.Verdict
		ratio  float64
	}{"plateau": {0, history.Pass, 1}, "a little less": {0.2, history.Pass, 0.8}, "collapse": {0.9, history.Fail, 0.1}} {
		t.Run(name, func(t *testing.T) {
			a := closedLoad{perS: 100, quickest: 0.05}.arm(steps...)
			for i := range a.Operations {
				if i >= 800 && float64(i%10) < 10*tc.failed {
					a.Operations[i].Status, a.Operations[i].Error = 503, "503"
				}
			}
			if f := (Plateau{}).Check(a); f.Verdict != tc.want {
				t.Errorf("%s: %s", f.Verdict, f.Detail)
			}
			for _, f := range figure.All(a, nil) {
				if f.Name == "plateau_ratio_1" {
					if math.Abs(f.Value-tc.ratio) > 0.05 {
						t.Errorf("plateau_ratio_1 %g, want %g", f.Value, tc.ratio)
					}
					return
				}
			}
			t.Error("no figure plateau_ratio_1")
		})
	}
	if f := (Plateau{}).Check(closedLoad{perS: 100, quickest: 0.05}.arm(steps[0])); f.Verdict != history.Inconclusive {
		t.Errorf("one step: %s %s", f.Verdict, fmt.Sprint(f.Detail))
	}
	full := lab.Lab{Arm: closedLoad{perS: 100, quickest: 0.05}.arm(steps...)}
	full.Watch(lab.Exhausted, account.Stretch{FromS: 2, ToS: 60})
	if f := (Plateau{}).Check(full.Arm); f.Verdict != history.Inconclusive || f.About != history.ReasonMachine {
		t.Errorf("only the first step on a machine with time: %s about %q: %s", f.Verdict, f.About, f.Detail)
	}
}
