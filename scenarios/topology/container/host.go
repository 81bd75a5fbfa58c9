package container

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"oalab/chaos"
	"oalab/chaos/host"
)

// Host is one container that stands for one host. It keeps its addresses, its files
// and its cuts over restarts. Safe for concurrent use.
type Host struct {
	engine  *Engine
	network *Network
	spec    Spec
	id      string

	steps chan struct{} // holds one token while Start, Kill, Stop, Freeze, Thaw, Cut or Join runs

	mu     sync.Mutex
	starts int
	over   chan struct{}        // closed when the output of the present life has ended
	cuts   map[string]host.Link // by the name that Cut was given
}

// The actions on a host that the faults of chaos/host need.
var (
	_ host.Freezer = (*Host)(nil)
	_ host.Cutter  = (*Host)(nil)
	_ host.Insider = (*Host)(nil)
	_ host.Limiter = (*Host)(nil)
	_ host.Filler  = (*Host)(nil)
)

// Name is the name of the spec.
func (h *Host) Name() string { return h.spec.Name }

// Addr is its address on the network.
func (h *Host) Addr() netip.Addr { return h.spec.Addr }

// ID is the container's id in Docker.
func (h *Host) ID() string { return h.id }

// Starts is how often it was started.
func (h *Host) Starts() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.starts
}

// begin waits for its turn; the steps of one host exclude each other.
func (h *Host) begin(ctx context.Context, what string) (end func(), err error) {
	if ctx.Err() == nil {
		select {
		case h.steps <- struct{}{}:
			return func() { <-h.steps }, nil
		case <-ctx.Done():
		}
	}
	return nil, fmt.Errorf("%s %s: %w", what, h.spec.Name, context.Cause(ctx))
}

// state is what the daemon says of the container.
func (h *Host) state(ctx context.Context) (*container.State, error) {
	i, err := h.inspect(ctx)
	if err != nil {
		return nil, err
	}
	return i.State, nil
}

func (h *Host) inspect(ctx context.Context) (container.InspectResponse, error) {
	i, err := h.engine.docker.ContainerInspect(ctx, h.id, client.ContainerInspectOptions{})
	if err != nil {
		return i.Container, fmt.Errorf("look at %s: %w", h.spec.Name, err)
	}
	return i.Container, nil
}

// Start starts it unless it runs. It returns when its command runs, not when it is
// ready; see WaitReady. A host that is cut is cut from its first instruction on.
func (h *Host) Start(ctx context.Context) error {
	end, err := h.begin(ctx, "start")
	if err != nil {
		return err
	}
	defer end()
	s, err := h.state(ctx)
	if err != nil || s.Running && h.recorded() {
		return err
	}
	return h.start(ctx, s.Running)
}

// Kill sends SIGKILL to all its processes and returns when they are gone, frozen or
// not.
func (h *Host) Kill(ctx context.Context) error {
	end, err := h.begin(ctx, "kill")
	if err != nil {
		return err
	}
	defer end()
	return h.kill(ctx)
}

func (h *Host) kill(ctx context.Context) error {
	if err := h.signal(ctx, "SIGKILL"); err != nil {
		return err
	}
	if err := h.engine.awaitDown(ctx, h.id); err != nil {
		return fmt.Errorf("kill %s: waiting for its end: %w", h.spec.Name, err)
	}
	return h.awaitOutput(ctx)
}

// signal sends a signal to process 1; one that does not run needs none.
func (h *Host) signal(ctx context.Context, name string) error {
	_, err := h.engine.docker.ContainerKill(ctx, h.id, client.ContainerKillOptions{Signal: name})
	if err == nil {
		return nil
	}
	if s, stateErr := h.state(ctx); stateErr == nil && !s.Running {
		return nil
	}
	return fmt.Errorf("signal %s to %s: %w", name, h.spec.Name, err)
}

// Stop sends SIGTERM to process 1 and returns when the host is down. After
// StopTimeout, or when ctx ends, it is killed and the error wraps host.ErrForced.
func (h *Host) Stop(ctx context.Context) error {
	end, err := h.begin(ctx, "stop")
	if err != nil {
		return err
	}
	defer end()
	s, err := h.state(ctx)
	if err != nil || !s.Running {
		return err
	}
	if s.Paused { // a frozen one cannot hear
		if err := h.thaw(ctx); err != nil {
			return err
		}
	}
	if err := h.signal(ctx, "SIGTERM"); err != nil {
		return err
	}
	limit := chaos.Patient(ctx, h.spec.StopTimeout)
	patience, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not gone after %v", limit))
	defer cancel()
	if err = h.engine.awaitDown(patience, h.id); err == nil {
		return h.awaitOutput(ctx)
	}
	if patience.Err() != nil {
		err = context.Cause(patience)
	}
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), chaos.Patient(ctx, killGrace))
	defer cancel()
	return fmt.Errorf("stop %s: %w: %w", h.spec.Name, host.ErrForced, errors.Join(err, h.kill(detached)))
}

// killGrace bounds the wait for the end of a killed host that Stop forced down.
const killGrace = 10 * time.Second

// Freeze halts all its processes. The kernel goes on to speak for it: connections
// stay open and are even accepted.
func (h *Host) Freeze(ctx context.Context) error {
	end, err := h.begin(ctx, "freeze")
	if err != nil {
		return err
	}
	defer end()
	s, err := h.state(ctx)
	if err != nil || !s.Running || s.Paused {
		return err
	}
	if err := again(ctx, func() error {
		_, err := h.engine.docker.ContainerPause(ctx, h.id, client.ContainerPauseOptions{})
		return err
	}); err != nil {
		return fmt.Errorf("freeze %s: %w", h.spec.Name, err)
	}
	return nil
}

const (
	// pauseTries bounds how often a pause is asked for. The runtime gives up, and lets the
	// processes go on, when the freezer does not get hold of all of them soon: on a full
	// machine a host that forks much may escape it.
	pauseTries = 10
	// pauseAfter is the pause between two tries.
	pauseAfter = 100 * time.Millisecond
)

// again asks until it is done, pauseTries times at most, or until ctx ends.
func again(ctx context.Context, ask func() error) error {
	var errs error
	for range pauseTries {
		err := ask()
		if err == nil {
			return nil
		}
		errs = err
		select {
		case <-ctx.Done():
			return errors.Join(errs, ctx.Err())
		case <-time.After(pauseAfter):
		}
	}
	return fmt.Errorf("%d tries: %w", pauseTries, errs)
}

// Thaw lets them go on.
func (h *Host) Thaw(ctx context.Context) error {
	end, err := h.begin(ctx, "thaw")
	if err != nil {
		return err
	}
	defer end()
	s, err := h.state(ctx)
	if err != nil || !s.Running || !s.Paused {
		return err
	}
	return h.thaw(ctx)
}

func (h *Host) thaw(ctx context.Context) error {
	if _, err := h.engine.docker.ContainerUnpause(ctx, h.id, client.ContainerUnpauseOptions{}); err != nil {
		return fmt.Errorf("thaw %s: %w", h.spec.Name, err)
	}
	return nil
}

// Alive reports whether it runs; a frozen one does.
func (h *Host) Alive(ctx context.Context) (bool, error) {
	s, err := h.state(ctx)
	if err != nil {
		return false, err
	}
	return s.Running, nil
}

// Frozen reports whether it is frozen.
func (h *Host) Frozen(ctx context.Context) (bool, error) {
	s, err := h.state(ctx)
	if err != nil {
		return false, err
	}
	return s.Paused, nil
}

// Ready asks Spec.Ready once, within ReadyTimeout. The error of a host that does not
// run wraps host.ErrDown and says how it ended.
func (h *Host) Ready(ctx context.Context) error {
	if err := h.here(ctx); err != nil {
		return err
	}
	if h.spec.Ready == nil {
		return nil
	}
	short, cancel := context.WithTimeout(ctx, chaos.Patient(ctx, h.spec.ReadyTimeout))
	defer cancel()
	if err := h.spec.Ready(short); err != nil {
		return fmt.Errorf("%s is not ready: %w", h.spec.Name, err)
	}
	return nil
}

// here is nil while the host runs and otherwise says how it ended.
func (h *Host) here(ctx context.Context) error {
	s, err := h.state(ctx)
	switch {
	case err != nil:
		return err
	case s.Running:
		return nil
	case h.Starts() == 0:
		return fmt.Errorf("%s: %w: it was never started", h.spec.Name, host.ErrDown)
	}
	how := "exit status " + strconv.Itoa(s.ExitCode)
	if s.OOMKilled {
		how += ", out of memory"
	}
	if s.Error != "" {
		how += ", " + s.Error
	}
	if h.spec.LogPath != "" {
		how += "; its log is " + h.spec.LogPath
	}
	return fmt.Errorf("%s: %w: %s", h.spec.Name, host.ErrDown, how)
}

// WaitReady asks until the host is ready. It gives up when ctx ends, with the last
// answer, and at once when the host is down.
func (h *Host) WaitReady(ctx context.Context) error {
	return poll(ctx, h.spec.Name+" is ready", func(ctx context.Context) error {
		err := h.Ready(ctx)
		if errors.Is(err, host.ErrDown) {
			return fmt.Errorf("%w: %w", errFinal, err)
		}
		return err
	})
}

// Published is where 127.0.0.1 of this machine has a port of Spec.Publish now; a
// restart may move it.
func (h *Host) Published(ctx context.Context, port uint16) (netip.AddrPort, error) {
	i, err := h.inspect(ctx)
	if err != nil {
		return netip.AddrPort{}, err
	}
	p, _ := network.PortFrom(port, network.TCP)
	if i.NetworkSettings != nil {
		for _, b := range i.NetworkSettings.Ports[p] {
			n, err := strconv.ParseUint(b.HostPort, 10, 16)
			if err == nil && n > 0 {
				return netip.AddrPortFrom(b.HostIP, uint16(n)), nil
			}
		}
	}
	return netip.AddrPort{}, fmt.Errorf("port %d of %s is not published: it is down, or not in Spec.Publish", port, h.spec.Name)
}

// Remove kills and removes it with all it wrote; its log file stays. One that is
// gone is no error.
func (h *Host) Remove(ctx context.Context) error {
	if err := h.engine.removeContainer(ctx, h.id); err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("remove %s: %w", h.spec.Name, err)
	}
	return h.awaitOutput(ctx)
}
