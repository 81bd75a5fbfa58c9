package topology

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/chaos/network"
	"oalab/internal/workfolder"
	"oalab/scenarios/topology/container"
	"oalab/scenarios/topology/image"
	"oalab/scenarios/topology/masters"
)

// docker is the topology in which each host is a container. The mocks live in the
// harness's process, on the network's gateway.
type docker struct {
	mocks
	spec    Spec
	layout  Layout
	work    string // configuration of the servers; holds secrets
	seeded  string // the configuration that their database was loaded with; "" with an app server that is alone
	engine  *container.Engine
	network *container.Network
	images  map[image.Name]image.Image
	hosts   map[chaos.Target]*container.Host
	proxies *network.Proxies
	pair    *masters.Pair // nil with one MySQL
	books   []PacketBooks // once they were asked for
}

func startDocker(ctx context.Context, spec Spec) (System, error) {
	d := &docker{spec: spec, layout: spec.Layout.withDefaults(), hosts: map[chaos.Target]*container.Host{}}
	if err := d.start(ctx); err != nil {
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), chaos.Patient(ctx, stopTimeout))
		defer cancel()
		return nil, errors.Join(err, d.Stop(stopCtx))
	}
	return d, nil
}

// dockerTimeout bounds the start of all hosts once their images are there.
const dockerTimeout = 3 * time.Minute

func (d *docker) start(ctx context.Context) error {
	var err error
	if d.work, err = workfolder.Make(); err != nil {
		return err
	}
	if d.engine, err = container.Open(ctx, container.Options{RunID: runID(), Keep: d.spec.Keep, Log: d.spec.Logger}); err != nil {
		return err
	}
	if err := d.ensureImages(ctx, slices.Concat(d.storeImages(), []image.Name{image.LB, image.App}, d.generatorImages())...); err != nil {
		return err
	}
	d.spec.say("start")
	ctx, cancel := context.WithTimeout(ctx, chaos.Patient(ctx, dockerTimeout))
	defer cancel()
	if d.network, err = d.engine.Network(ctx, "net"); err != nil {
		return err
	}
	callback := d.entry() + "/wechat/" + d.spec.Account.Name
	if err := d.startMocks(ctx, d.spec, d.network.Gateway().String(), callback); err != nil {
		return err
	}
	if d.proxies, err = network.Start(ctx, d.spec.Seed); err != nil {
		return fmt.Errorf("start the proxies: %w", err)
	}
	if err := d.launch(ctx, d.stores()...); err != nil {
		return err
	}
	if err := d.awaitMasters(ctx); err != nil {
		return err
	}
	if err := d.awaitRedundant(ctx); err != nil {
		return err
	}
	files, err := d.appFiles(ctx)
	if err != nil {
		return err
	}
	logins, err := d.logins()
	if err != nil {
		return err
	}
	scalers, err := d.scalers()
	if err != nil {
		return err
	}
	rest := slices.Concat(d.apps(files), logins, d.balancers(scalers), d.generators())
	if err := again(ctx, startTries, func() error { return d.launch(ctx, rest...) }, d.settled); err != nil {
		return err
	}
	if err := d.awaitScalers(ctx); err != nil {
		return err
	}
	return poll(ctx, "the service answers at its virtual IP", func(ctx context.Context) error {
		return d.AddressAt(ctx, HostLB1)
	})
}

// startTries is how often hosts are started that end because a store is away. An app server
// ends when it cannot open its database. On a full machine a master may hand its tables
// over in this moment.
const startTries = 4

// again repeats a step up to so many times while it fails because a host has ended. Between
// two tries it waits until the system is settled.
func again(ctx context.Context, times int, do func() error, settled func(context.Context) error) error {
	for try := 1; ; try++ {
		err := do()
		if err == nil || try == times || !errors.Is(err, host.ErrDown) {
			return err
		}
		if waitErr := settled(ctx); waitErr != nil {
			return errors.Join(err, waitErr)
		}
	}
}

// settled waits until the masters, if there are two, are at home.
func (d *docker) settled(ctx context.Context) error {
	if d.pair == nil {
		return nil
	}
	return poll(ctx, "the masters replicate from each other", d.MastersAtHome)
}

// runID names a run's containers: unlike its seed it must not come twice.
func runID() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// ensureImages builds what this machine does not have yet, which takes minutes.
func (d *docker) ensureImages(ctx context.Context, names ...image.Name) error {
	builder, err := image.New(d.engine.Docker(), image.Options{
		Find: func(program string) (string, error) {
			path := map[string]string{"oaserver": d.spec.Oaserver, "oalab": d.spec.Oalab}[program]
			if path == "" {
				return "", fmt.Errorf("where program %s is was not said", program)
			}
			return path, nil
		},
		Log: func(line string) { d.spec.say("images: " + line) },
	})
	if err != nil {
		return err
	}
	d.images, err = builder.Ensure(ctx, names...)
	for _, i := range d.images {
		for _, w := range i.Warnings {
			d.spec.Logger.WarnContext(ctx, "an image differs from the last known good one", "difference", w)
		}
	}
	return err
}

// launch starts hosts and waits until all are ready.
func (d *docker) launch(ctx context.Context, specs ...container.Spec) error {
	hosts, err := d.network.Start(ctx, specs...)
	if err != nil {
		return err
	}
	for _, h := range hosts {
		d.hosts[chaos.Target(h.Name())] = h
	}
	return nil
}

// entry is the base URL of the service: the virtual IP.
func (d *docker) entry() string { return "http://" + d.place(placeVIP).String() }

// Nodes are the app servers.
func (d *docker) Nodes() []Node {
	nodes := make([]Node, d.layout.Apps)
	for i := range nodes {
		nodes[i] = Node{Name: string(HostApp(i + 1)), URL: d.url(placeApp+i, portApp)}
	}
	return nodes
}

// Host controls one host.
func (d *docker) Host(target chaos.Target) host.Controller {
	if h, ok := d.hosts[target]; ok {
		return h
	}
	return missing(Docker, target)
}

// Lacks is nil if the system meets a need.
func (d *docker) Lacks(n Need) error {
	return offerOfDocker(d.layout, d.spec.LoginServers, d.spec.Packets != nil).lacks(n)
}

// Tell runs a command on a host and returns what it prints.
func (d *docker) Tell(ctx context.Context, on chaos.Target, command ...string) (string, error) {
	h, ok := d.hosts[on]
	if !ok {
		return "", missing(Docker, on).err
	}
	r, err := h.Exec(ctx, command...)
	if err == nil && r.Code != 0 {
		err = fmt.Errorf("%s on %s ended with %d: %s", command[0], on, r.Code, lastLine([]byte(r.Output)))
	}
	return r.Output, err
}

// Proxies are none so far: no link of this topology has one.
func (d *docker) Proxies() *network.Proxies { return d.proxies }

// Versions are those of the packages in the images.
func (d *docker) Versions() map[string]string {
	all := map[string]string{}
	for _, i := range d.images {
		maps.Copy(all, i.Versions)
	}
	return all
}

// Stop removes all hosts and the network. The mocks end first, so that nothing is
// pushed at what is going.
func (d *docker) Stop(ctx context.Context) error {
	errs := []error{d.stopMocks(ctx)}
	if d.proxies != nil {
		errs = append(errs, d.proxies.Stop(ctx))
	}
	if d.pair != nil {
		errs = append(errs, d.pair.Close())
	}
	for _, b := range d.books {
		errs = append(errs, b.Close())
	}
	if d.engine != nil {
		errs = append(errs, d.engine.Remove(ctx), d.engine.Close())
	}
	if d.work != "" {
		errs = append(errs, os.RemoveAll(d.work))
	}
	return errors.Join(errs...)
}
