package main

import (
	"context"
	"errors"

	"oalab/scenarios/history"
)

// catalogue is the harness of this module.
type catalogue struct{}

var errEmpty = errors.New("the runner is not part of this build")

// Scenarios is the catalogue.
func (catalogue) Scenarios() []scenario { return []scenario{} }

// Find looks a scenario up by name.
func (catalogue) Find(string) (scenario, bool) { return scenario{}, false }

// Run carries out one scenario.
func (catalogue) Run(context.Context, request) (history.Manifest, error) {
	return history.Manifest{}, errEmpty
}

// Check judges a run folder.
func (catalogue) Check(string) (history.Manifest, error) { return history.Manifest{}, errEmpty }

// Report writes the report files of a run folder again.
func (catalogue) Report(string) error { return errEmpty }
