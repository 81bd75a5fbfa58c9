package main

import (
	"context"
	"fmt"

	"oalab/reports/redpackets"
	"oalab/scenarios"
	"oalab/scenarios/history"
	"oalab/scenarios/runner"
)

// catalogue is the real harness: the scenarios of this module and their runner.
type catalogue struct{}

// Scenarios is the catalogue.
func (catalogue) Scenarios() []scenario {
	var all []scenario
	for _, s := range scenarios.All() {
		all = append(all, entry(s))
	}
	return all
}

// Find looks a scenario up by name.
func (catalogue) Find(name string) (scenario, bool) {
	s, ok := scenarios.Find(name)
	if !ok {
		return scenario{}, false
	}
	return entry(s), true
}

// Run carries out one scenario.
func (catalogue) Run(ctx context.Context, r request) (history.Manifest, error) {
	s, ok := scenarios.Find(r.Scenario.Name)
	if !ok {
		return history.Manifest{}, fmt.Errorf("scenario %s has left the catalogue", r.Scenario.Name)
	}
	result, err := runner.Run(ctx, options(s, r))
	return result.Manifest, err
}

// Up holds the topology of a scenario.
func (catalogue) Up(ctx context.Context, r request, told func([]string)) error {
	s, ok := scenarios.Find(r.Scenario.Name)
	if !ok {
		return fmt.Errorf("scenario %s has left the catalogue", r.Scenario.Name)
	}
	return runner.Up(ctx, options(s, r), told)
}

func options(s scenarios.Scenario, r request) runner.Options {
	return runner.Options{
		Scenario: s,
		Topology: r.Topology,
		Size:     scenarios.Size(r.Size),
		AllArms:  r.AllArms,
		Out:      r.Out,
		Seed:     r.Seed,
		Rung:     r.Rung,
		Tools:    runner.Tools{Oaserver: r.Oaserver, Oalab: r.Oalab},
		Command:  r.Command,
		Progress: r.Progress,
		Report:   redpackets.Write,
		Logger:   r.Logger,
	}
}

// Check judges a run folder from its evidence.
func (catalogue) Check(dir string) (history.Manifest, error) { return runner.Check(dir) }

// Report judges a run folder and writes its report files again. Everything else in the folder
// stays as it is.
func (catalogue) Report(dir string) error {
	m, err := runner.Check(dir)
	if err != nil {
		return err
	}
	return redpackets.Write(dir, m)
}

// entry is a scenario as the command line shows it.
func entry(s scenarios.Scenario) scenario {
	e := scenario{Name: s.Name, Topology: s.Topologies[0], Topologies: s.Topologies, Source: s.Source, Title: s.Title}
	for _, a := range s.Arms {
		e.Arms = append(e.Arms, a.Name)
	}
	return e
}
