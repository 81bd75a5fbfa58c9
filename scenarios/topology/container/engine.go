// Package container owns hosts that are containers: networks of 198.18.0.0/15,
// one container for each host with everything that a fault can do to it, and the
// removal of what a killed run left behind (CHA-2).
//
// Testcontainers finds the daemon and gives the client, and does nothing else. Networks and
// containers are made with that client directly. Otherwise Testcontainers would make a
// network of its own beside each one, publish the ports that an image exposes on every
// interface of this machine, and inspect image and network several times for each container.
package container

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"
)

// minAPI is the oldest minor version of Docker's API 1.x that the client speaks.
const minAPI = 40

// Options are how a run uses Docker.
type Options struct {
	// RunID labels everything that the run makes. Letters, digits and "_.-" only;
	// required.
	RunID string
	// Keep leaves what the run made when its process ends, until Clean removes it.
	Keep bool
	// Log gets a line for each thing that was left over and for output that could
	// not be recorded; nil is silent.
	Log *slog.Logger
}

// Engine is the Docker daemon as one run uses it. Safe for concurrent use.
type Engine struct {
	// Left is what Open removed of runs whose process is gone.
	Left Removed

	run      string
	keep     bool
	log      *slog.Logger
	owner    owner
	provider *testcontainers.DockerProvider
	docker   client.APIClient
	group    string // parent control group of the hosts, "" for the daemon's own
	yield    func() // ends the engine's part in the precedence of this process

	mu     sync.Mutex
	images map[string]runs // what each image runs, by its name
}

// Open connects to the daemon that DOCKER_HOST, the Docker context or the usual
// sockets name, and removes what runs whose process is gone left behind. Without a
// usable daemon the error is an *UnavailableError. Close the engine after use.
func Open(ctx context.Context, o Options) (*Engine, error) {
	if o.RunID == "" || strings.Trim(o.RunID, nameLetters) != "" {
		return nil, fmt.Errorf("run id %q: it labels and names containers, so it needs letters, digits and \"_.-\" only", o.RunID)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	own, err := self()
	if err != nil {
		return nil, fmt.Errorf("read the identity of this process, which labels its containers: %w", err)
	}
	provider, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	e := &Engine{
		run: o.RunID, keep: o.Keep, log: o.Log, owner: own,
		provider: provider, docker: provider.Client(), images: map[string]runs{},
	}
	e.group, e.yield = weigh(ctx, e.docker), func() {}
	if e.group != "" {
		e.yield = generatorFirst.hold()
	}
	if e.Left, err = e.sweep(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("remove what earlier runs left: %w", err), e.Close())
	}
	if !e.Left.Empty() {
		e.log.InfoContext(ctx, "removed what a run without a living process had left", "containers", e.Left.Containers, "networks", e.Left.Networks)
	}
	return e, nil
}

// nameLetters are what Docker allows in names, and what the lab uses of it.
const nameLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

// connect finds the daemon and asks whether it will do.
func connect(ctx context.Context) (*testcontainers.DockerProvider, error) {
	if err := setUpTestcontainers(); err != nil {
		return nil, err
	}
	if err := named(ctx); err != nil {
		return nil, err
	}
	type found struct {
		provider *testcontainers.DockerProvider
		err      error
	}
	// It takes no context, and a daemon that hangs keeps it for ever.
	result := make(chan found, 1)
	go func() {
		p, err := testcontainers.NewDockerProvider(testcontainers.WithLogger(tclog.NewNoopLogger()))
		result <- found{p, err}
	}()
	var f found
	select {
	case f = <-result:
	case <-ctx.Done():
		return nil, &UnavailableError{Err: fmt.Errorf("no answer from the Docker daemon: %w", context.Cause(ctx)), Remedy: "restart the daemon"}
	}
	if f.err != nil {
		return nil, &UnavailableError{Err: fmt.Errorf("no Docker daemon answers: %w", f.err), Remedy: remedyStart}
	}
	ping, err := f.provider.Client().Ping(ctx, client.PingOptions{NegotiateAPIVersion: true})
	if err == nil {
		err = usable(ping)
	} else {
		err = &UnavailableError{Err: fmt.Errorf("the Docker daemon does not answer: %w", err), Remedy: remedyStart}
	}
	if err != nil {
		return nil, errors.Join(err, f.provider.Close())
	}
	return f.provider, nil
}

// named makes sure that the daemon that DOCKER_HOST names answers, if it names one:
// Testcontainers would quietly take another.
func named(ctx context.Context) error {
	c, err := client.New(client.FromEnv)
	if err != nil {
		return &UnavailableError{Err: fmt.Errorf("what the environment says of Docker: %w", err), Remedy: "set DOCKER_HOST to the address of a daemon, or unset it"}
	}
	defer c.Close()
	if c.DaemonHost() == client.DefaultDockerHost {
		return nil
	}
	if _, err := c.Ping(ctx, client.PingOptions{}); err != nil {
		return &UnavailableError{Err: fmt.Errorf("the daemon at %s, which DOCKER_HOST names, does not answer: %w", c.DaemonHost(), err), Remedy: "start it, or set DOCKER_HOST to another or unset it"}
	}
	return nil
}

// usable says why a daemon that answers will not do.
func usable(ping client.PingResult) error {
	if ping.OSType != "" && ping.OSType != "linux" {
		return &UnavailableError{Err: fmt.Errorf("the Docker daemon runs %s containers", ping.OSType), Remedy: "switch it to Linux containers"}
	}
	minor, ok := strings.CutPrefix(ping.APIVersion, "1.")
	n, err := strconv.Atoi(minor)
	if !ok || err != nil || n < minAPI {
		return &UnavailableError{
			Err:    fmt.Errorf("the Docker daemon speaks API %q, the lab needs 1.%d", ping.APIVersion, minAPI),
			Remedy: "install Docker Engine 20.10 or newer",
		}
	}
	return nil
}

// Docker is the client of the daemon, for what is no host and no network.
func (e *Engine) Docker() client.APIClient { return e.docker }

// Close lets go of the connections to the daemon and removes nothing; see Remove.
func (e *Engine) Close() error {
	e.yield()
	return e.provider.Close()
}

// Remove removes everything that this run made, also with Keep.
func (e *Engine) Remove(ctx context.Context) error {
	_, err := e.Clean(ctx, e.run)
	return err
}
