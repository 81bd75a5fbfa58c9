package main

import (
	"context"
	"log/slog"

	"oalab/scenarios/history"
	"oalab/scenarios/runner"
)

// harness is what the commands need of the rest of this module.
type harness interface {
	// Scenarios is the catalogue.
	Scenarios() []scenario
	// Find looks a scenario up by its exact name, also one the catalogue leaves out.
	Find(name string) (scenario, bool)
	// Run carries out one scenario. When ctx ends it heals, writes the report and
	// returns a manifest that says so. An error means that there is no run.
	Run(ctx context.Context, r request) (history.Manifest, error)
	// Up starts the topology of a scenario, tells where it is and keeps it until ctx ends.
	Up(ctx context.Context, r request, told func(lines []string)) error
	// Check judges a run folder from its evidence and writes nothing.
	Check(dir string) (history.Manifest, error)
	// Report writes the report files of a run folder again.
	Report(dir string) error
}

// scenario is one line of the catalogue, and one element of `oalab list --json`.
type scenario struct {
	Name       string   `json:"name"`
	Topology   string   `json:"topology"` // the default one
	Topologies []string `json:"topologies"`
	Source     string   `json:"source"`
	Title      string   `json:"title"`
	Arms       []string `json:"arms"` // the first is the main arm
}

// request is one scenario to run, with everything decided.
type request struct {
	Scenario scenario
	Topology string
	Size     string
	AllArms  bool
	Out      string // the run folder, absolute
	Seed     uint64
	Rung     *int     // nil: the speed of this machine chooses
	Command  []string // the line that runs it again
	Oaserver string   // path of the server's binary; empty when there is none
	Oalab    string   // path of this program; empty when it is not known
	Progress func(runner.Tick)
	Logger   *slog.Logger
}
