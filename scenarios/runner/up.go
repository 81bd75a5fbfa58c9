package runner

import (
	"context"
	"errors"
	"fmt"
	"os"

	"oalab/chaos"
	"oalab/scenarios/history"
	"oalab/scenarios/topology"
)

// Up starts the topology of a scenario's main arm, tells where it is, one line for
// each part, and keeps it until ctx ends, which is no error. Its logs and ledgers lie
// in a folder of their own, which the lines name and which stays.
func Up(ctx context.Context, o Options, told func(lines []string)) (err error) {
	if o.Scenario.Study != nil {
		return &UsageError{What: fmt.Sprintf("scenario %s runs on nothing: it only computes", o.Scenario.Name)}
	}
	if o.Out, err = os.MkdirTemp("", "oalab-up-"); err != nil {
		return fmt.Errorf("make a folder for logs and ledgers: %w", err)
	}
	if err := o.validate(); err != nil {
		return err
	}
	folder, err := history.CreateFolder(o.Out)
	if err != nil {
		return err
	}
	r := &run{o: o, folder: folder}
	if ctx, err = r.measure(ctx); err != nil {
		return err
	}
	x, err := newArm(r, r.onRung().Scenario.Arms[0], 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.out.Close()) }()
	x.keep = true
	sys, err := x.start(ctx)
	if err != nil {
		return err
	}
	defer func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), chaos.Patient(ctx, stopTimeout))
		defer cancel()
		err = errors.Join(err, sys.Stop(stop))
	}()
	told(whereabouts(sys, o.Out))
	<-ctx.Done()
	return nil
}

// whereabouts are the addresses of a running system.
func whereabouts(sys topology.System, dir string) []string {
	lines := []string{"callback   " + sys.Account().CallbackURL}
	for _, n := range sys.Nodes() {
		lines = append(lines, fmt.Sprintf("%-10s %s", n.Name, n.URL))
	}
	return append(lines,
		"platform   http://"+sys.Platform().Addr()+", control http://"+sys.Platform().ControlAddr(),
		"logs       "+dir)
}
