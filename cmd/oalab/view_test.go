package main

import (
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/scenarios/runner"
)

// loaded is a tick in the middle of a load and of a fault.
func loaded() runner.Tick {
	return runner.Tick{
		Scenario: "smoke", Arm: "main", Phase: "steady", AtS: 10, LengthS: 40, LeftS: 30, PlannedPS: 200, DonePS: 198.4,
		P50S: 0.0123, P99S: 1.25, Done: 2000, Failed: 3, InFlight: 12,
		Faults: []string{"carrier-slow"}, Next: "server-kill", NextInS: 6, FaultsOver: 1, FaultsPlanned: 4,
	}
}

// changed is a tick with something else in it.
func changed(t runner.Tick, change func(*runner.Tick)) runner.Tick {
	change(&t)
	return t
}

func TestViewLines(t *testing.T) {
	study := runner.Tick{Scenario: "redpacket-stats", Arm: "main", Phase: "examination", AtS: 61}
	ended := changed(loaded(), func(t *runner.Tick) {
		t.AtS, t.LeftS, t.Phase, t.Faults, t.Next, t.NextInS, t.FaultsOver, t.Done = 45, 0, "drain", nil, "", 0, 4, 8000
	})
	for name, tt := range map[string]struct {
		view    view
		columns int
		want    string
	}{
		"wide": {view{Tick: loaded()}, 100, `
smoke/main   steady   10s
[====================>--------------------------------------------------------------]  25%  left 30s
rate     198/200 per s   failed 3 of 2000   in flight 12
answers  p50 12.3ms   p99 1.25s   in the last second
faults   carrier-slow
next     server-kill in 6s`},
		"80 columns": {view{Tick: loaded()}, 80, `
smoke/main   steady   10s
[===============>-----------------------------------------------]  25%  left 30s
rate     198/200 per s   failed 3 of 2000   in flight 12
answers  p50 12.3ms   p99 1.25s   in the last second
faults   carrier-slow
next     server-kill in 6s`},
		"40 columns": {view{Tick: loaded()}, 40, `
smoke/main   steady   10s
[=====>-----------------]  25%  left 30s
rate     198/200 per s
         failed 3 of 2000   in flight 12
answers  p50 12.3ms   p99 1.25s
         in the last second
faults   carrier-slow
next     server-kill in 6s`},
		"12 columns": {view{Tick: loaded()}, 12, `
smoke/main
steady   10s
25%  left ..
rate
198/200 pe..
failed 3 o..
in flight 12
answers
p50 12.3ms
p99 1.25s
in the las..
faults
carrier-slow
next
server-kil..`},
		"clocks run on between ticks": {view{Tick: loaded(), age: time.Second}, 60, `
smoke/main   steady   11s
[===========>-------------------------------]  28%  left 29s
rate     198/200 per s   failed 3 of 2000   in flight 12
answers  p50 12.3ms   p99 1.25s   in the last second
faults   carrier-slow
next     server-kill in 5s`},
		"the load's clock waits for ticks that stay away": {view{Tick: loaded(), age: time.Minute}, 60, `
smoke/main   steady   1m10s
[===========>-------------------------------]  29%  left 29s
rate     198/200 per s   failed 3 of 2000   in flight 12
answers  p50 12.3ms   p99 1.25s   in the last second
faults   carrier-slow
next     server-kill in 5s`},
		"nothing is answered and no fault": {view{Tick: changed(loaded(), func(t *runner.Tick) {
			t.DonePS, t.P50S, t.P99S, t.Faults = 0, 0, 0, nil
		})}, 60, `
smoke/main   steady   10s
[==========>--------------------------------]  25%  left 30s
rate     0/200 per s   failed 3 of 2000   in flight 12
answers  p50 -   p99 -   in the last second
faults   none
next     server-kill in 6s`},
		"several faults, none left": {view{Tick: changed(loaded(), func(t *runner.Tick) {
			t.Faults, t.Next = []string{"carrier-slow", "redis-cut", "platform-reset"}, ""
		})}, 40, `
smoke/main   steady   10s
[=====>-----------------]  25%  left 30s
rate     198/200 per s
         failed 3 of 2000   in flight 12
answers  p50 12.3ms   p99 1.25s
         in the last second
faults   carrier-slow   redis-cut
         platform-reset
next     none`},
		"draining": {view{Tick: ended}, 60, `
smoke/main   drain   45s
[==========================================] 100%  load over
rate     198/200 per s   failed 3 of 8000   in flight 12
answers  p50 12.3ms   p99 1.25s   in the last second
faults   none
next     none`},
		"over": {view{Tick: ended, over: true, age: 2 * time.Second}, 60, `
smoke/main   over   47s
[==========================================] 100%  load over
load     failed 3 of 8000
faults   4 of 4 carried out`},
		"stopping": {view{Tick: changed(loaded(), func(t *runner.Tick) {
			t.Stopped, t.Phase, t.Next, t.PlannedPS = true, "stopping", "", 0
		}), age: time.Second}, 60, `
smoke/main   stopping   11s
[==========>---------------------------------]  25%  stopped
rate     198/0 per s   failed 3 of 2000   in flight 12
answers  p50 12.3ms   p99 1.25s   in the last second
faults   carrier-slow
next     none`},
		"stopped early": {view{Tick: changed(loaded(), func(t *runner.Tick) { t.Stopped = true }), over: true, age: 2 * time.Second}, 60, `
smoke/main   stopped   12s
[==========>---------------------------------]  25%  stopped
load     failed 3 of 2000
faults   1 of 4 carried out`},
		"study": {view{Tick: study, age: 3 * time.Second}, 60, `
redpacket-stats/main   examination   1m4s`},
		"study, narrow": {view{Tick: study}, 24, `
redpacket-stats/main
examination   1m1s`},
		"before the load": {view{Tick: runner.Tick{Scenario: "smoke", Arm: "main", Phase: "calibrate", FaultsPlanned: 4}, age: 2 * time.Second}, 60, `
smoke/main   calibrate   2s`},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(strings.Split(strings.TrimPrefix(tt.want, "\n"), "\n"), tt.view.lines(tt.columns, false)); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

// colours are the sequences that take no room.
var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

func TestViewFitsAnyWidth(t *testing.T) {
	long := changed(loaded(), func(t *runner.Tick) {
		t.Scenario = "a-scenario-with-a-name-that-is-longer-than-needed"
		t.Phase = "慢慢来"
		t.Faults = []string{"one", "another-fault-with-a-name-as-long-as-this", "红包", "three"}
		t.Done, t.Failed, t.InFlight, t.P99S, t.DonePS = math.MaxInt64, math.MaxInt64, math.MaxInt64, 1e9, 1e12
	})
	for columns := -1; columns <= 130; columns++ {
		for _, v := range []view{{Tick: loaded()}, {Tick: long}, {Tick: long, over: true}, {}} {
			plain, coloured := v.lines(columns, false), v.lines(columns, true)
			if stripped := colours.ReplaceAllString(strings.Join(coloured, "\n"), ""); stripped != strings.Join(plain, "\n") {
				t.Fatalf("%d columns: colours change the text:\n%s\n%s", columns, stripped, strings.Join(plain, "\n"))
			}
			for _, line := range plain {
				if n := width(line); n > max(columns, 1) {
					t.Errorf("%d columns: a line of %d: %q", columns, n, line)
				}
				if strings.ContainsAny(line, "\x1b\n\r\t") {
					t.Errorf("%d columns without colours: %q", columns, line)
				}
			}
		}
	}
}

func TestViewColoursFaultsInEffect(t *testing.T) {
	got := strings.Join(view{Tick: loaded()}.lines(80, true), "\n")
	for _, want := range []string{"\x1b[1;31mcarrier-slow\x1b[0m", "\x1b[33mserver-kill in 6s\x1b[0m", "\x1b[31mfailed 3 of 2000\x1b[0m"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
}

func TestViewSummary(t *testing.T) {
	for want, v := range map[string]view{
		"smoke/main  over  45s  failed 3 of 2000  faults 1 of 4 carried out": {
			Tick: changed(loaded(), func(t *runner.Tick) { t.AtS, t.LeftS = 45, 0 }), over: true,
		},
		"s/main  over  5s": {Tick: runner.Tick{Scenario: "s", Arm: "main", AtS: 5}, over: true},
	} {
		if diff := cmp.Diff([]string{want}, v.summary()); diff != "" {
			t.Errorf("summary (-want +got):\n%s", diff)
		}
	}
}

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		text    string
		columns int
		want    string
	}{
		{"abcdef", 6, "abcdef"},
		{"abcdef", 5, "abc.."},
		{"abcdef", 2, "a."},
		{"abcdef", 1, "a"},
		{"红包红包", 8, "红包红包"},
		{"红包红包", 7, "红包.."},
		{"红包", 1, ""},
	} {
		if got := cut(tt.text, tt.columns); got != tt.want {
			t.Errorf("cut(%q, %d) = %q, want %q", tt.text, tt.columns, got, tt.want)
		}
	}
}
