package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"oalab/cmd/internal/exit"
	"oalab/cmd/internal/proc"
	"oalab/scenarios/history"
)

// mainArmOnly is the scenario that runs only its main arm unless all arms are asked for. It
// is the demonstration and must be short. The other scenarios run all their arms.
const mainArmOnly = "smoke"

// reportsDir is where run folders go without --out, below the working folder.
const reportsDir = "reports/out"

// runFlags are the flags of run.
type runFlags struct {
	topology, size, arms, out string
	seed                      uint64
	rung                      int
	json                      bool
}

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run NAME…",
		Short: "Run scenarios, judge them and write their reports",
		Long: `run carries out the named scenarios one after the other; a NAME may be a pattern
such as 'carrier-*'. Progress goes to standard error, verdicts to standard output.
On a terminal progress is a block that is redrawn in place, elsewhere (and where TERM
is unset or dumb) a line a second; NO_COLOR=1 leaves out its colours.

The first interrupt stops the load, heals every fault and still writes the report;
the second leaves at once.`,
		Example: `  oalab run smoke
  oalab run smoke --seed 7 --arms all --out /tmp/smoke
  oalab run '*' --size full --json | jq -r '[.scenario, .verdict] | @tsv'`,
		Args: cobra.MinimumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, s := range a.h.Scenarios() {
				names = append(names, s.Name+"\t"+s.Title)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("seed") {
				f.seed = randomSeed()
			}
			return a.runAll(cmd.Context(), f, args)
		},
	}
	cmd.Flags().StringVar(&f.topology, "topology", "", "where to run: embedded or docker (default: the scenario's first)")
	cmd.Flags().StringVar(&f.size, "size", "short", "short or full")
	cmd.Flags().StringVar(&f.arms, "arms", "", "main or all (default: all, for "+mainArmOnly+" main)")
	cmd.Flags().StringVar(&f.out, "out", "", "the run folder, new or empty; with several scenarios or a pattern, its parent (default "+reportsDir+"/TIME-NAME)")
	cmd.Flags().Uint64Var(&f.seed, "seed", 0, "decides operations, followers, due times and fault times (default: random, recorded)")
	cmd.Flags().IntVar(&f.rung, "rung", -1, "step of the ladder of rates: 0 the claimed rate, 1 half of it, 2 a quarter (default: what this machine is fast enough for)")
	cmd.Flags().BoolVar(&f.json, "json", false, "each run as one line on standard output: run.json and its dir")
	return cmd
}

// runAll runs the named scenarios one after the other. Every mistake in the
// command line is found before the first one starts.
func (a *app) runAll(ctx context.Context, f runFlags, names []string) error {
	requests, err := a.requests(f, names)
	if err != nil {
		return err
	}
	defer a.onInterrupt(ctx, "oalab: interrupted: healing the faults and writing the report; interrupt again to leave at once")()
	for _, r := range requests {
		live := a.progress()
		r.Progress = live.show
		m, err := a.h.Run(ctx, r)
		live.end()
		switch {
		case err != nil && proc.Interrupted(ctx):
			a.complain(fmt.Errorf("%s: interrupted before there was a run to report: %w", r.Scenario.Name, err))
		case err != nil:
			a.complain(fmt.Errorf("%s: %w", r.Scenario.Name, err))
			a.status = exit.Worst(a.status, exit.Usage)
		default:
			if err := a.tell(f, r, m); err != nil {
				return err
			}
			a.status = exit.Worst(a.status, statusOf(m.Verdict))
		}
		if proc.Interrupted(ctx) {
			a.status = exit.Interrupted
			break
		}
	}
	return nil
}

// requests turns the command line into what to run.
func (a *app) requests(f runFlags, names []string) ([]request, error) {
	chosen, several, err := choose(a.h, names)
	if err != nil {
		return nil, err
	}
	if f.size != "short" && f.size != "full" {
		return nil, fmt.Errorf("--size is %q; use short or full", f.size)
	}
	if f.arms != "" && f.arms != "main" && f.arms != "all" {
		return nil, fmt.Errorf("--arms is %q; use main or all", f.arms)
	}
	if f.rung < -1 {
		return nil, fmt.Errorf("--rung is %d; use 0, 1 or 2", f.rung)
	}
	server, err := a.p.Find("oaserver")
	if err != nil {
		return nil, fmt.Errorf("%w: make build puts it beside oalab", err)
	}
	now := time.Now()
	var requests []request
	for _, s := range chosen {
		topology := f.topology
		if topology == "" {
			topology = s.Topology
		}
		if !slices.Contains(s.Topologies, topology) {
			return nil, fmt.Errorf("scenario %s does not run on topology %q; it runs on %s", s.Name, topology, strings.Join(s.Topologies, ", "))
		}
		r := request{
			Scenario: s,
			Topology: topology,
			Size:     f.size,
			AllArms:  f.arms == "all" || f.arms == "" && s.Name != mainArmOnly,
			Out:      a.p.Path(f.folder(s.Name, several, now)),
			Seed:     f.seed,
			Oaserver: server,
			Oalab:    a.p.Executable,
			Logger:   a.logs,
		}
		if f.rung >= 0 {
			r.Rung = &f.rung
		}
		r.Command = again(r)
		requests = append(requests, r)
	}
	return requests, nil
}

// folder is the run folder of one scenario, as the user would name it.
func (f runFlags) folder(name string, several bool, now time.Time) string {
	switch {
	case f.out == "":
		return filepath.Join(filepath.FromSlash(reportsDir), now.Format("20060102-150405")+"-"+name)
	case several:
		return filepath.Join(f.out, name)
	default:
		return f.out
	}
}

// again is the command line that repeats a run.
func again(r request) []string {
	arms := "main"
	if r.AllArms {
		arms = "all"
	}
	line := []string{
		"oalab", "run", r.Scenario.Name, "--topology", r.Topology, "--size", r.Size,
		"--arms", arms, "--seed", strconv.FormatUint(r.Seed, 10),
	}
	if r.Rung != nil {
		line = append(line, "--rung", strconv.Itoa(*r.Rung))
	}
	return line
}

// tell prints one finished run.
func (a *app) tell(f runFlags, r request, m history.Manifest) error {
	dir := r.Out
	if rel, err := filepath.Rel(a.p.Dir, dir); err == nil && !strings.HasPrefix(rel, "..") {
		dir = rel // what a user can paste
	}
	if f.json {
		return printRunJSON(a.p.Stdout, dir, m)
	}
	printRun(a.p.Stdout, dir, m)
	fmt.Fprintf(a.p.Stdout, "  report     %s\n", filepath.Join(dir, "report.html"))
	line := m.Command // with the rung that was chosen
	if len(line) == 0 {
		line = r.Command
	}
	fmt.Fprintf(a.p.Stdout, "  again      %s\n", strings.Join(line, " "))
	return nil
}

// onInterrupt prints a line when ctx is interrupted. The returned function ends
// the watch and waits for a line that is being printed.
func (a *app) onInterrupt(ctx context.Context, line string) func() {
	printed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(printed)
		if errors.Is(context.Cause(ctx), proc.ErrInterrupted) {
			fmt.Fprintln(a.p.Stderr, line)
		}
	})
	return func() {
		if !stop() {
			<-printed
		}
	}
}

// randomSeed is a seed for a run that was not given one. It stays below 2^32 so
// that it survives tools that read JSON numbers as floating point.
func randomSeed() uint64 {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return uint64(binary.BigEndian.Uint32(b[:]))
}
