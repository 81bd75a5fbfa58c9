package check

import (
	"math"
	"strings"
	"testing"

	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

// doubtful is evidence that breaks what a checker holds, on a machine that was full meanwhile.
type doubtful struct {
	name string
	arm  *history.Arm
	full []account.Stretch // when the machine was full
	want history.Verdict
	says string
}

// TestFullMachineConvictsNoSystem holds every checker that time enters against a machine that
// was full: such a stretch is no proof of a violation, and no excuse for one outside of it or
// for one without time in it.
func TestFullMachineConvictsNoSystem(t *testing.T) {
	t.Parallel()
	const f, i = history.Fail, history.Inconclusive
	for _, of := range []struct {
		checker Checker
		cases   []doubtful
	}{
		{Bands{}, []doubtful{
			{"grown too late, with time", lateGrowth(), nil, f, "the rate has asked for 2 for 3 s"},
			{"grown too late while it was full", lateGrowth(), fullIn(11, 14), i, "the machine was full for 3.0 of 60.0 s"},
			{"grown too late, full long before", lateGrowth(), fullIn(2, 4), f, "asked for 2"},
			{"not shrunk, full at the beginning of it", newScene(threeBands()).run(10, 150, 2, 2).run(30, 50, 2, 2).arm, fullIn(11, 12), f, "asked for 1 at most"},
			{"not shrunk in time while it was full", newScene(threeBands()).run(10, 150, 2, 2).run(12, 50, 2, 2).run(5, 50, 1, 1).arm, fullIn(11, 21), i, "the machine was full"},
			{"shrunk at once", hasty(), nil, f, "within the hold"},
			{"shrunk at once on a full machine", hasty(), fullIn(11, 13), i, "within the hold"},
		}},
		{Bands{Path: []int{1, 2, 3, 2, 1}}, []doubtful{
			{"the top band was never reached", lowTop(), nil, f, "had [1 2 1] servers in turn, wanted [1 2 3 2 1]"},
			{"the top band was never reached, full meanwhile", lowTop(), fullIn(15, 20), i, "the machine was full"},
			{"the top band was never reached, full before that", lowTop(), fullIn(1, 3), f, "had [1 2 1]"},
		}},
		{Bands{TakeOvers: 1}, []doubtful{
			{"a take-over onto a small pool", smallTakeOver(), nil, f, "lb1 had used 2"},
			{"a take-over onto a small pool while it was full", smallTakeOver(), fullIn(9, 11), i, "lb1 had used 2"},
			{"a take-over onto a small pool, full later", smallTakeOver(), fullIn(16, 18), f, "lb1 had used 2"},
		}},
		{Tokens{}, []doubtful{
			{"a call under way for long", issued(stable(0, "a"), uses(22, "a", wl.TokenDead)), nil, f, "dead token"},
			{"a call under way for long while it was full", issued(stable(0, "a"), uses(22, "a", wl.TokenDead)), fullIn(20, 21.6), i, "the machine was full"},
			{"a dead token, full for a moment of that", issued(stable(0, "a"), uses(28, "a", wl.TokenDead)), fullIn(20, 21), f, "dead token"},
			{"accepted although dead, on a full machine", issued(stable(0, "a"), accepts(uses(22, "a", wl.TokenDead))), fullIn(0, 30), f, "accepted"},
			{"never issued, on a full machine", issued(stable(0, "a"), uses(22, "x", wl.TokenDead)), fullIn(0, 30), f, "unknown token"},
			{"renewed early", issued(stable(10, "a"), stable(23.5, "b")), nil, f, "issued twice"},
			{"renewed early, because the first call was under way for long", issued(stable(10, "a"), stable(23.5, "b")), fullIn(8, 10), i, "the machine was full"},
			{"renewed early, full when it was", issued(stable(10, "a"), stable(23.5, "b")), fullIn(22, 24), f, "issued twice"},
			{"two at once on a full machine", issued(stable(10, "a"), stable(10.1, "b")), fullIn(9, 12), f, "issued twice"},
		}},
		{ReadYourWrites{}, []doubtful{
			{"old beyond the bound", told(wrote(1, 1), wrote(6, 2), read("app1", 10, 1)), nil, f, "app1 showed version 1"},
			{"old beyond the bound while it was full", told(wrote(1, 1), wrote(6, 2), read("app1", 10, 1)), fullIn(7, 8), i, "the machine was full"},
			{"old for longer than that explains", told(wrote(1, 1), wrote(6, 2), read("app1", 15, 1)), fullIn(7, 8), f, "app1 showed version 1"},
			{"old beyond the bound, full before the write", told(wrote(1, 1), wrote(6, 2), read("app1", 10, 1)), fullIn(4, 5), f, "app1 showed version 1"},
			{"one server goes backwards on a full machine", told(wrote(1, 1), wrote(6, -1), read("app1", 8, 2), read("app1", 8.1, 1)), fullIn(0, 30), f, "after version 2 was shown"},
		}},
		{StaleAnswers{Away: []string{"database-away"}}, []doubtful{
			{"silent without the database", withoutDatabase(lab.StatusTry(503), 11), nil, f, "was refused while no server"},
			{"silent without the database while it was full", withoutDatabase(lab.StatusTry(503), 11), fullIn(9, 16), i, "the machine was full"},
			{"silent without the database, full later", withoutDatabase(lab.StatusTry(503), 11), fullIn(20, 30), f, "was refused"},
			{"from memory long after", withoutDatabase(staleTry(), 11, 18.5), nil, f, "while a server had the database"},
			{"from memory long after, full meanwhile", withoutDatabase(staleTry(), 11, 18.5), fullIn(15, 17), i, "the machine was full"},
			{"from memory long before, on a full machine", withoutDatabase(staleTry(), 5, 11), fullIn(0, 30), f, "while a server had the database"},
		}},
		{ScaleOut{Nodes: []int{2}}, []doubtful{
			{"no faster", noFaster(), nil, f, "2 nodes answer"},
			{"no faster, full all the time", noFaster(), fullIn(0, 60), i, "the machine was full"},
			{"stalled while it was full", stalling(), stalls(), i, "the machine was full"},
			{"no faster, full for a moment", noFaster(), fullIn(4, 4.4), f, "2 nodes answer"},
		}},
		{Goodput{}, []doubtful{
			{"a collapse", offered(collapse), nil, f, "4x: of 80 messages/s"},
			{"a collapse while it was full", offered(collapse), fullIn(5, 15), i, "the machine was full"},
			{"a collapse, full for a moment of it", offered(collapse), fullIn(7, 9), f, "4x: of 80 messages/s"},
			{"a collapse, full before", offered(collapse), fullIn(0, 5), f, "4x: of 80 messages/s"},
			{"next to no answer while it was full", offered(silence), fullIn(5, 15), f, "4x: of 80 messages/s"},
		}},
		{Headroom{}, []doubtful{
			{"full for most of the time", watched(comparisonOf(200)), fullIn(0, 60), i, "the machine was full for 100 % of it"},
		}},
		{Little{}, []doubtful{
			{"clients that think", thinking(), nil, f, "clients are"},
			{"clients that think on a full machine", thinking(), fullIn(0, 60), i, "the machine was full"},
			{"clients that think, full for a moment", thinking(), fullIn(1, 1.2), f, "clients are"},
		}},
		{AddressSingle{}, []doubtful{
			{"two at once", twoHold(0.4), nil, f, "lb1 and lb2 held the address together"},
			{"two at once while it was full", twoHold(0.4), fullIn(4.8, 5.2), i, "1 double holdings while the machine was full"},
			{"two at once, full later", twoHold(0.4), fullIn(8, 9), f, "held the address together"},
			{"a pair that is split on a full machine", twoHold(6), fullIn(4.8, 12), f, "held the address together"},
		}},
		{WritesPredicted{}, []doubtful{
			{"silent for too long", silentMasters(history.ProbeCanary, 0.1, 0.5), nil, f, "nothing was acknowledged for 1.000 s"},
			{"silent for too long while it was full", silentMasters(history.ProbeCanary, 0.1, 0.5), fullIn(4, 5), i, "the machine was full"},
			{"silent for too long, full later", silentMasters(history.ProbeCanary, 0.1, 0.5), fullIn(20, 30), f, "nothing was acknowledged"},
			{"fewer lost than some must be", silentMasters(history.ProbeLoss, 1, 3), nil, f, "0 of 10 acknowledged writes"},
			{"fewer lost than some must be, full meanwhile", silentMasters(history.ProbeLoss, 1, 3), fullIn(4, 5), i, "the machine was full"},
			{"lost where none may be, on a full machine", losing(silentMasters(history.ProbeLoss, 0, 0)), fullIn(0, 60), f, "1 of 10 acknowledged writes were lost"},
		}},
	} {
		for _, tt := range of.cases {
			t.Run(of.checker.Name()+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				(&lab.Lab{Arm: tt.arm}).Watch(lab.Exhausted, tt.full...)
				got := Ask(of.checker, tt.arm)
				if got.Verdict != tt.want || !strings.Contains(got.Detail, tt.says) || (got.Verdict == f) != (got.Violations > 0) ||
					got.Verdict == i && got.About != history.ReasonMachine {
					t.Errorf("%s with %d violations, about %q: %s; want %s, %q", got.Verdict, got.Violations, got.About, got.Detail, tt.want, tt.says)
				}
			})
		}
	}
}

// withoutDatabase is an arm without the database from 10 to 15 s, with texts that meet one answer.
func withoutDatabase(try wl.Delivery, dues ...float64) *history.Arm {
	l := lab.New()
	l.Window("database-away", 10, 15)
	for _, due := range dues {
		l.Send(history.KindText, due, try)
	}
	l.Send(history.KindText, 30, lab.OKTry("x"))
	return l.Arm
}

func fullIn(from, to float64) []account.Stretch { return []account.Stretch{{FromS: from, ToS: to}} }

func threeBands() []history.ScalingBand {
	return []history.ScalingBand{{FromPerS: 0, Servers: 1}, {FromPerS: 100, Servers: 2}, {FromPerS: 200, Servers: 3}}
}

// lateGrowth is a pool that grows five seconds after the rate.
func lateGrowth() *history.Arm {
	return newScene(threeBands()).run(10, 50, 1, 1).run(5, 150, 1, 1).run(10, 150, 2, 2).arm
}

// hasty is a pool that shrinks two seconds after the rate.
func hasty() *history.Arm {
	return newScene(threeBands()).run(10, 150, 2, 2).run(2, 50, 2, 2).run(20, 50, 1, 1).arm
}

// lowTop is a load that never comes to the highest band.
func lowTop() *history.Arm {
	return newScene(threeBands()).run(10, 50, 1, 1).run(1, 150, 1, 1).run(19, 150, 2, 2).run(8, 50, 2, 2).run(5, 50, 1, 1).arm
}

// smallTakeOver is an address that comes to a load balancer with a smaller pool.
func smallTakeOver() *history.Arm {
	s := newScene(threeBands()).run(10, 150, 2, 1)
	s.hold("lb2")
	return s.run(1, 150, 0, 1).run(14, 150, 0, 2).arm
}

func issued(calls ...wl.Call) *history.Arm {
	l := lab.New()
	l.WeChat = calls
	return l.Arm
}

func accepts(c wl.Call) wl.Call {
	c.ErrCode = 0
	return c
}

func told(samples ...[]history.Sample) *history.Arm {
	a := lab.New().Arm
	for _, s := range samples {
		a.Samples = append(a.Samples, s...)
	}
	return a
}

// brief is a comparison in less than the minute in which the machine is watched.
func brief() []history.Step {
	var steps []history.Step
	for _, clients := range []int{2, 4, 8, 20} {
		for _, nodes := range []int{0, 2} {
			steps = append(steps, history.Step{Nodes: nodes, Clients: clients, Requests: 800})
		}
	}
	return steps
}

// comparisonOf is the small comparison on servers that answer so many messages a second.
func comparisonOf(perS float64) *history.Arm {
	return closedLoad{perS: perS, quickest: 0.02}.arm(brief()...)
}

// noFaster is one in which two nodes answer no more than one server.
func noFaster() *history.Arm {
	return closedLoad{perS: 200, quickest: 0.02, speed: func(int) float64 { return 1 }}.arm(brief()...)
}

// stalls are the beginnings of every third second.
func stalls() (out []account.Stretch) {
	for i := range 20 {
		out = append(out, account.Stretch{FromS: 3 * float64(i), ToS: 3*float64(i) + 0.4})
	}
	return out
}

// stalling is a comparison in which two nodes answer a third more, but nothing during stalls
// and in what they leave behind.
func stalling() *history.Arm {
	return closedLoad{
		perS: 200, quickest: 0.02, speed: func(n int) float64 { return 1 + float64(n)/6 },
		stalled: func(at float64) bool { return math.Mod(at, 3) < 0.9 },
	}.arm(brief()...)
}

// watched adds what the kernel counted of processors that had time left in the mean.
func watched(a *history.Arm) *history.Arm {
	for i := range 600 {
		at := float64(i) / 10
		a.Samples = append(a.Samples,
			history.Sample{AtS: at, Probe: history.ProbeHost, Name: "machine.busy_s", Value: at},
			history.Sample{AtS: at, Probe: history.ProbeHost, Name: "machine.time_s", Value: 2 * at})
	}
	return a
}

func thinking() *history.Arm {
	return closedLoad{perS: 200, quickest: 0.02, thinkS: 0.003}.arm(brief()...)
}

// twoHold is a pair of which both have the address for a while from 5 s on.
func twoHold(lengthS float64) *history.Arm {
	p := lab.NewPair(40, 5)
	p.Word(history.ProbeAddress, "lb2", 5, 1)
	p.Word(history.ProbeAddress, "lb2", 5+lengthS, 0)
	return p.End()
}

// silentMasters are masters of which one was killed, with what was predicted of that.
func silentMasters(probe string, low, high float64) *history.Arm {
	l := lab.Masters()
	l.Window(history.FaultKillMaster, 4.5, 6)
	l.Record.Predictions = []history.Prediction{{Fault: history.FaultKillMaster, Probe: probe, LowS: low, HighS: high}}
	return l.Arm
}

// losing drops an acknowledged row from a master.
func losing(a *history.Arm) *history.Arm {
	drop(&lab.Lab{Arm: a}, "mysql1", history.TableCanary, "3")
	return a
}
