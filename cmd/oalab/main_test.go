package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"oalab/cmd/internal/proc"
	"oalab/scenarios/history"
	"oalab/scenarios/runner"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"oalab": func() {
			os.Exit(proc.Run(context.Background(), proc.Real(), func(ctx context.Context, p proc.Proc) int {
				return execute(ctx, p, fake{})
			}))
		},
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:  "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": status},
		Setup: func(env *testscript.Env) error {
			// The runs below never start it, but it must be there to be found.
			server := filepath.Join(env.WorkDir, "path", "oaserver")
			if err := os.MkdirAll(filepath.Dir(server), 0o755); err != nil {
				return err
			}
			// Where oalab itself is, and nothing else: testscript puts it first.
			env.Setenv("ONLY_OALAB", filepath.SplitList(env.Getenv("PATH"))[0])
			env.Setenv("PATH", filepath.Dir(server)+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("GORACE", "atexit_sleep_ms=0") // else each exit takes a second
			return os.WriteFile(server, []byte("#!/bin/sh\n"), 0o755)
		},
	})
}

// status is the script command "status N program args…": it runs the program and
// fails unless it exits with N.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N program args…")
	}
	want, err := strconv.Atoi(args[0])
	if err != nil {
		ts.Fatalf("status %q is no number", args[0])
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exited *exec.ExitError
		if !errors.As(err, &exited) {
			ts.Fatalf("%s: %v", args[1], err)
		}
		got = exited.ExitCode()
	}
	if got != want {
		ts.Fatalf("%v exited with %d, want %d", args[1:], got, want)
	}
}

// fake is a harness whose scenarios end as their names say.
type fake struct{}

func (fake) Scenarios() []scenario {
	var all []scenario
	for _, name := range []string{"smoke", "carrier-faults", "carrier-gone", "redis-faults", "token-storm"} {
		all = append(all, scenario{
			Name: name, Topology: "embedded", Topologies: []string{"embedded", "docker"},
			Source: "SCN-1", Title: "What " + name + " shows", Arms: []string{"main", "control"},
		})
	}
	return all
}

func (f fake) Find(name string) (scenario, bool) {
	for _, s := range f.Scenarios() {
		if s.Name == name {
			return s, true
		}
	}
	return scenario{}, false
}

func (fake) Run(ctx context.Context, r request) (history.Manifest, error) {
	if _, err := os.ReadDir(r.Out); err == nil {
		return history.Manifest{}, fmt.Errorf("run folder %s is not empty:\ngive a new one", r.Out)
	}
	m := history.Manifest{
		Scenario: r.Scenario.Name, Topology: r.Topology, Size: r.Size, Seed: r.Seed,
		Verdict: history.Pass, Arms: []string{"main"}, Command: r.Command,
	}
	if r.AllArms {
		m.Arms = r.Scenario.Arms
	}
	for i := range 3 {
		r.Progress(runner.Tick{Scenario: r.Scenario.Name, Arm: "main", Phase: fmt.Sprintf("tick %d", i)})
	}
	limit, met := 1.0, false
	switch r.Scenario.Name {
	case "carrier-faults":
		m.Verdict, m.Reason = history.Fail, "orders: 2 violations"
		m.Checkers = []history.CheckerResult{{Name: "orders", Arm: "main", Expected: history.Pass, Verdict: history.Fail, Checked: 10, Violations: 2, Detail: "serial A lost"}}
		m.Figures = []history.Figure{{Name: "p99_due_s", Value: 1.23456, Unit: "s", Relation: "<", Limit: &limit, OK: &met, N: 900}, {Name: "cycles", Value: 3}}
	case "redis-faults":
		m.Verdict, m.Reason = history.Inconclusive, "evidence missing"
	case "carrier-gone":
		return m, errors.New("start the server: port 80 is taken\nby another program")
	case "token-storm":
		<-ctx.Done()
		m.Verdict, m.Reason = history.Inconclusive, "interrupted"
	}
	return m, write(r.Out, m)
}

func (fake) Up(ctx context.Context, _ request, told func([]string)) error {
	told([]string{"somewhere"})
	<-ctx.Done()
	return nil
}

func (fake) Check(dir string) (history.Manifest, error) {
	var m history.Manifest
	content, err := os.ReadFile(filepath.Join(dir, "run.json"))
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(content, &m)
}

func (f fake) Report(dir string) error {
	if _, err := f.Check(dir); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "report.md"), []byte("# Report\n"), 0o644)
}

func write(dir string, m history.Manifest) error {
	content, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "run.json"), content, 0o644)
}
