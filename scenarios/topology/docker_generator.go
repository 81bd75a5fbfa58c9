package topology

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"oalab/chaos"
	"oalab/scenarios/topology/container"
	"oalab/scenarios/topology/image"
)

// Attacker is a system that has a load generator inside its network.
type Attacker interface {
	// Attack runs `oalab attack` with the given arguments on HostGenerator and returns its
	// exit status and output. Afterwards its results are in folder out of this machine,
	// with every exit status. The folder must exist. When ctx ends, Attack interrupts the
	// load and returns the results so far.
	Attack(ctx context.Context, out string, args ...string) (container.Result, error)
}

// generatorImages are the images that a layout with a generator needs beside others.
func (d *docker) generatorImages() []image.Name {
	if d.layout.Generator {
		return []image.Name{image.Generator}
	}
	return nil
}

// generators are the hosts that load comes from. They run no load before Attack.
func (d *docker) generators() []container.Spec {
	if !d.layout.Generator {
		return nil
	}
	specs := []container.Spec{{
		Name: string(HostGenerator), Image: d.images[image.Generator].Ref, Addr: d.place(placeGenerator),
		Cmd: []string{"sleep", "infinity"}, Init: true, LogPath: d.log(string(HostGenerator)),
	}}
	if d.layout.Echo {
		specs = append(specs, d.echo())
	}
	return specs
}

// resultsOn is where a generator leaves its results, on its host.
const resultsOn = "/tmp/oalab-attack"

// interruptWithin bounds what a generator does after it was interrupted.
const interruptWithin = 30 * time.Second

// Attack runs a load from inside the network.
func (d *docker) Attack(ctx context.Context, out string, args ...string) (container.Result, error) {
	h, ok := d.hosts[HostGenerator]
	if !ok {
		return container.Result{}, errors.New("this topology has no generator: set Layout.Generator")
	}
	if err := h.Run(ctx, "rm", "-rf", resultsOn); err != nil {
		return container.Result{}, err
	}
	// The running load is asked to end in order. If it does not end, it is abandoned.
	running, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	defer context.AfterFunc(ctx, func() {
		late := time.AfterFunc(chaos.Patient(ctx, interruptWithin), giveUp)
		defer late.Stop()
		_ = h.Run(running, "pkill", "-INT", "-x", "oalab") // it may have ended by itself
		<-running.Done()
	})()
	r, err := h.Exec(running, append([]string{"oalab", "attack", "--out", resultsOn}, args...)...)
	if err != nil {
		return r, err
	}
	if err := h.Fetch(running, resultsOn, out); err != nil {
		return r, fmt.Errorf("fetch the results of the generator: %w; it said: %s", err, strings.TrimSpace(r.Output))
	}
	return r, nil
}
