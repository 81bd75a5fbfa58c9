package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"oalab/scenarios/history"
	"oalab/scenarios/topology"
)

// Run carries the scenario out and returns the judged, sealed and reported run. A
// context that ends stops the arrivals, heals every fault and still writes the
// report: the verdict is then inconclusive, "interrupted". After an error there is no
// run folder. A UsageError means that the options must be changed.
func Run(ctx context.Context, o Options) (Result, error) {
	if err := o.validate(); err != nil {
		return Result{}, err
	}
	defer collection.let(seldom)()
	folder, err := history.CreateFolder(o.Out)
	if err != nil {
		return Result{}, err
	}
	r := &run{o: o, folder: folder, started: time.Now()}
	work := r.arms
	if o.Scenario.Study != nil {
		work = r.study
	}
	if err := work(ctx); err != nil {
		return Result{}, errors.Join(err, folder.Abandon())
	}
	m, err := r.finish()
	if err != nil {
		return Result{}, err
	}
	return Result{Dir: o.Out, Manifest: m}, nil
}

// run is one run in progress.
type run struct {
	o       Options
	folder  *history.Folder
	started time.Time
	planned []history.PlannedArm
	names   []string
	pace    history.Pace
}

// arms runs the arms one after the other, until one is interrupted.
func (r *run) arms(ctx context.Context) error {
	ctx, err := r.measure(ctx)
	if err != nil {
		return err
	}
	for i, a := range r.onRung().arms() {
		select {
		case <-ctx.Done():
			return nil // what ran until then is judged
		default:
		}
		arm, err := newArm(r, a, i)
		if err != nil {
			return fmt.Errorf("arm %s: %w", a.Name, err)
		}
		r.names = append(r.names, a.Name)
		r.planned = append(r.planned, arm.planned())
		if err := arm.carryOut(ctx); err != nil {
			return fmt.Errorf("arm %s: %w", a.Name, err)
		}
	}
	return nil
}

// onRung are the options with the scenario at the rate that was chosen.
func (r *run) onRung() *Options {
	o := r.o
	o.Scenario = o.Scenario.OnRung(r.pace.Rung)
	return &o
}

// say shows what is done outside of any load.
func (r *run) say(stage string) {
	if r.o.Progress == nil {
		return
	}
	arm := r.o.Scenario.Arms[0].Name
	if n := len(r.names); n > 0 {
		arm = r.names[n-1]
	}
	r.o.Progress(Tick{Scenario: r.o.Scenario.Name, Arm: arm, Phase: stage, AtS: time.Since(r.started).Seconds()})
}

// finish seals the evidence, has it judged, and writes the reports.
func (r *run) finish() (history.Manifest, error) {
	r.say("judge")
	seal := r.folder.Seal
	if s := r.o.Scenario.Study; s != nil {
		seal = func() ([]history.Evidence, error) { return r.folder.SealFiles(s.Files()) }
	}
	evidence, err := seal()
	if err != nil {
		return history.Manifest{}, err
	}
	m := history.Manifest{
		Scenario:    r.o.Scenario.Name,
		Title:       r.o.Scenario.Title,
		Source:      r.o.Scenario.Source,
		Limits:      limits(r.o),
		Topology:    r.o.Topology,
		Size:        string(r.o.Size),
		Seed:        r.o.Seed,
		PlanSHA256:  history.PlanHash(r.planned),
		Started:     r.started,
		DurationS:   time.Since(r.started).Seconds(),
		Arms:        r.names,
		Study:       r.o.Scenario.Study != nil,
		Pace:        r.pace,
		Evidence:    evidence,
		Environment: paced(environment(), r.pace),
		Versions:    versions(),
		Command:     r.command(),
	}
	judged, err := CheckAs(r.o.Out, m, r.o.Scenario)
	if err != nil {
		return history.Manifest{}, fmt.Errorf("judge the run: %w", err)
	}
	if err := r.folder.WriteManifest(judged); err != nil {
		return history.Manifest{}, err
	}
	if r.o.Report != nil {
		if err := r.o.Report(r.o.Out, judged); err != nil {
			return history.Manifest{}, fmt.Errorf("write the reports: %w", err)
		}
	}
	return judged, nil
}

// command is the line that runs it again, at the same rate.
func (r *run) command() []string {
	if r.o.Scenario.Rungs(r.o.Topology, r.o.Size) < 2 || slices.Contains(r.o.Command, "--rung") || len(r.o.Command) == 0 {
		return r.o.Command
	}
	return append(slices.Clone(r.o.Command), "--rung", strconv.Itoa(r.pace.Rung))
}

// limits are what the topology of this run cannot show: the scenario states them for
// its default one.
func limits(o Options) []string {
	if len(o.Scenario.Topologies) == 0 || o.Topology != o.Scenario.Topologies[0] {
		return nil
	}
	return o.Scenario.Limits
}

// timeouts of the runner's own steps on a machine as fast as the reference; on a slower
// one they are longer (chaos.Patient). Everything that can hang is bounded.
const (
	stopTimeout = 30 * time.Second
	stepTimeout = 20 * time.Second
	// healTimeout bounds the recovery of a fault, with all its repetitions.
	healTimeout = 90 * time.Second
	// settleAfterLate is the least time between a fault that healed late and the next.
	settleAfterLate = time.Second
	// beforeTimeout bounds what is measured before the load. The network takes seconds.
	beforeTimeout = 2 * time.Minute
	// probeEvery is how often the server's own figures are read (CHA-5).
	probeEvery = 100 * time.Millisecond
	// probeTimeout is when a probe counts as not answered.
	probeTimeout = 500 * time.Millisecond
	// probeLongest bounds it on a slow machine: a server that is frozen for a second must not
	// look like one that answered late.
	probeLongest = 800 * time.Millisecond
)

// startTimeout bounds the start of a system: on containers their images may have to
// be built first, from packages that are fetched.
func startTimeout(name string) time.Duration {
	if name == topology.Docker {
		return 15 * time.Minute
	}
	return 30 * time.Second
}
