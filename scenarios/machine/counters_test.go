package machine

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	statPage = `cpu  100 10 50 800 40 5 15 30 7 0
cpu0 50 5 25 400 20 3 7 15 7 0
cpu1 50 5 25 400 20 2 8 15 0 0
intr 12345
procs_running 3
`
	loadPage     = "0.25 0.18 0.12 5/80 11206\n"
	pressurePage = "some avg10=1.00 avg60=0.50 avg300=0.10 total=2500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
)

func TestParse(t *testing.T) {
	want := Counters{Cores: 2, BusyS: 2.1, StolenS: 0.3, AllS: 10.5, Runnable: 4, Load1M: 0.25, WaitedS: 2.5, HasPressure: true}
	near := cmp.Options{cmpopts.IgnoreFields(Counters{}, "At"), cmpopts.EquateApprox(0, 1e-9)}
	got, err := parse(statPage, loadPage, pressurePage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Error(diff)
	}
	want.WaitedS, want.HasPressure = 0, false
	if got, err = parse(statPage, loadPage, ""); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Errorf("a kernel without pressure: %s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, pages := range map[string][3]string{
		"/proc/stat without the time":   {"intr 1", loadPage, pressurePage},
		"/proc/stat with a word":        {strings.Replace(statPage, "800", "x", 1), loadPage, pressurePage},
		"/proc/stat without processors": {"cpu 1 2 3 4 5 6 7 8\n", loadPage, pressurePage},
		"/proc/loadavg short":           {statPage, "0.25", pressurePage},
		"/proc/loadavg with a word":     {statPage, "0.25 0.18 0.12 x/80 11206", pressurePage},
		"/proc/pressure/cpu other":      {statPage, loadPage, "full total=3"},
		"/proc/pressure/cpu word":       {statPage, loadPage, "some total=x"},
	} {
		file, _, _ := strings.Cut(name, " ")
		if _, err := parse(pages[0], pages[1], pages[2]); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v, want an error that names %s", name, err, file)
		}
	}
}

func TestSince(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	before := Counters{At: at, Cores: 2, BusyS: 10, StolenS: 1, AllS: 100, WaitedS: 3, HasPressure: true}
	after := Counters{At: at.Add(time.Second), Cores: 2, BusyS: 11.5, StolenS: 1.2, AllS: 102, Runnable: 5, WaitedS: 3.4, HasPressure: true}
	got, ok := after.Since(before)
	want := Usage{Busy: 0.75, Stolen: 0.1, RunQueue: 2.5, Pressure: 0.4, HasPressure: true}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-9)); !ok || diff != "" {
		t.Errorf("%t %s", ok, diff)
	}
	if _, ok := before.Since(before); ok {
		t.Error("nothing was counted in between, and yet there is a usage")
	}
}

// TestRead holds the parser against the kernel it runs on.
func TestRead(t *testing.T) {
	c, err := Read()
	if runtime.GOOS != "linux" {
		t.Skipf("SKIPPED: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if c.AllS <= 0 || c.BusyS > c.AllS || c.Cores < 1 {
		t.Errorf("read %+v", c)
	}
}
