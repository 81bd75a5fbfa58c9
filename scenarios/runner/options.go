// Package runner carries a scenario out: it brings the topology up, calibrates the
// generator, offers the load, runs the faults, waits for the system to drain, seals the
// evidence and has it judged. It judges nothing itself and writes no report: Options.Report does.
package runner

import (
	"fmt"
	"log/slog"

	"oalab/scenarios"
	"oalab/scenarios/history"
)

// Options say what to run. Scenario, Tools and Out are required.
type Options struct {
	Scenario scenarios.Scenario
	Topology string // empty: the scenario's default
	Size     scenarios.Size
	AllArms  bool // false: the main arm alone
	Out      string
	Seed     uint64
	// Rung fixes the step of the ladder of rates; nil lets the machine's speed choose.
	Rung    *int
	Tools   Tools
	Command []string // the line that runs it again, for the report
	// Progress is called about once a second while an arm runs; nil: never. It is
	// called from one goroutine and must not block.
	Progress func(Tick)
	// Report writes the report files of the judged run in dir. nil: there are none.
	Report func(dir string, m history.Manifest) error
	Logger *slog.Logger // nil: discard
	// Ceiling is shared by runs that calibrate the generator once for all of them; nil:
	// the arms of this run do.
	Ceiling *Ceiling
}

// Tools are the programs that a topology starts.
type Tools struct {
	Oaserver string
	// Oalab is the harness itself, for hosts that load comes from; empty: there are none.
	Oalab string
}

// Result is a finished run.
type Result struct {
	Dir      string
	Manifest history.Manifest
}

// UsageError is a request that cannot be run as it stands: the caller has to
// change it. Nothing has been started and nothing left behind.
type UsageError struct {
	What string // what is wrong
	Do   string // what to do
}

func (e *UsageError) Error() string {
	if e.Do == "" {
		return e.What
	}
	return fmt.Sprintf("%s: %s", e.What, e.Do)
}

func (o *Options) validate() error {
	if o.Topology == "" {
		o.Topology = o.Scenario.Topologies[0]
	}
	found := false
	for _, t := range o.Scenario.Topologies {
		found = found || t == o.Topology
	}
	if !found {
		return &UsageError{
			What: fmt.Sprintf("scenario %s has no topology %q", o.Scenario.Name, o.Topology),
			Do:   fmt.Sprintf("it runs on %v", o.Scenario.Topologies),
		}
	}
	switch o.Size {
	case "":
		o.Size = scenarios.Short
	case scenarios.Short, scenarios.Full:
	default:
		return &UsageError{What: fmt.Sprintf("unknown size %q", o.Size), Do: "use short or full"}
	}
	if rungs := o.Scenario.Rungs(o.Topology, o.Size); o.Rung != nil && (*o.Rung < 0 || *o.Rung >= rungs) {
		return &UsageError{
			What: fmt.Sprintf("scenario %s on topology %s has no rung %d", o.Scenario.Name, o.Topology, *o.Rung),
			Do:   fmt.Sprintf("its ladder of rates has rungs 0 to %d", rungs-1),
		}
	}
	for _, a := range o.arms() {
		if err := a.Lacks(o.Topology, o.Size); err != nil {
			return &UsageError{
				What: fmt.Sprintf("scenario %s cannot run: %v", o.Scenario.Name, err),
				Do:   "choose another topology, or give the arm a layout that has it (scenarios/topology/powers.go)",
			}
		}
	}
	if o.Tools.Oaserver == "" && o.Scenario.Study == nil {
		return &UsageError{What: "the server's binary oaserver was not found", Do: "put it beside oalab or on PATH (make build)"}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Ceiling == nil {
		o.Ceiling = new(Ceiling)
	}
	return nil
}

// arms are the arms to run: the main arm, or all.
func (o *Options) arms() []scenarios.Arm {
	var arms []scenarios.Arm
	for _, a := range o.Scenario.Arms {
		if a.On == "" || a.On == o.Topology {
			arms = append(arms, a)
		}
	}
	if !o.AllArms {
		arms = arms[:1]
	}
	return arms
}
