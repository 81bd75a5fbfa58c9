package topology

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"oalab/scenarios/topology/container"
	"oalab/scenarios/topology/image"
)

// Attacker is a system that load can come from inside of its network.
type Attacker interface {
	// Attack runs `oalab attack` with the given arguments on HostGenerator and returns its
	// exit status and what it printed. Its results are in folder out of this machine
	// afterwards, which must exist, whatever the status is. When ctx ends the load is
	// interrupted, and what there is, is told.
	Attack(ctx context.Context, out string, args ...string) (container.Result, error)
}

// generatorImages are the images that a layout with a generator needs beside others.
func (d *docker) generatorImages() []image.Name {
	if d.layout.Generator {
		return []image.Name{image.Generator}
	}
	return nil
}

// generators are the hosts that load comes from. They wait until they are told.
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

// Attack lets load come from inside the network.
func (d *docker) Attack(ctx context.Context, out string, args ...string) (container.Result, error) {
	h, ok := d.hosts[HostGenerator]
	if !ok {
		return container.Result{}, errors.New("this topology has no generator: set Layout.Generator")
	}
	if err := h.Run(ctx, "rm", "-rf", resultsOn); err != nil {
		return container.Result{}, err
	}
	// What runs is asked to end in order, and given up when it does not.
	running, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	defer context.AfterFunc(ctx, func() {
		late := time.AfterFunc(interruptWithin, giveUp)
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
