package topology

import (
	"context"
	"fmt"
	"strings"
	"time"

	"oalab/scenarios/history"
	"oalab/scenarios/topology/container"
)

// holding records whether one host has a virtual IP on its interface, as the kernel of the
// host reports it.
type holding struct {
	host    *container.Host
	probe   string // of its samples
	address string
	base    time.Time
	record  func(history.Sample) error

	held  bool
	known bool
	err   error // the first of record
	lost  error // why the monitor ended last
}

// rewatches bounds how often a monitor that ended on a living host is started again.
const rewatches = 100

// monitor prints each change of the host's addresses. Shortly after it has begun to listen
// it prints their state, so no change is missed in between.
const monitor = `(sleep 0.05; echo STATE $(ip -4 -o address show)) & exec ip -4 -tshort monitor address`

// stateWord begins the line of the monitor with the state.
const stateWord = "STATE "

// monitorStamp is the time that `ip -tshort monitor` puts before each event. Hosts
// have the clock of this machine, and keep UTC.
const monitorStamp = "[2006-01-02T15:04:05.000000]"

// follow records each change until ctx ends, and then the last state once more.
func (h *holding) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for range rewatches {
		err := h.host.Watch(ctx, func(line container.Line) {
			if h.err == nil {
				h.err = h.line(line)
			}
			if h.err != nil {
				cancel()
			}
		}, "sh", "-c", monitor)
		if h.err != nil {
			return h.err
		}
		if ctx.Err() != nil {
			return h.write(time.Now())
		}
		// A stopping host may end the monitor before it ends itself. The new monitor begins
		// with the state.
		h.lost = err
	}
	return fmt.Errorf("follow the holder of the virtual IP: the monitor ended %d times, the last time: %w", rewatches, h.lost)
}

// line processes one line of the monitor.
func (h *holding) line(line container.Line) error {
	if line.End { // a host that is down does not have the address
		return h.set(line.At, false)
	}
	has := strings.Contains(line.Text, " "+h.address+"/")
	if strings.HasPrefix(line.Text, stateWord) {
		return h.set(line.At, has)
	}
	stamp, rest, ok := strings.Cut(line.Text, " ")
	if !ok || !has {
		return nil
	}
	at, err := time.Parse(monitorStamp, stamp)
	if err != nil {
		return fmt.Errorf("follow the holder of the virtual IP: %s printed %q: %w", h.host.Name(), line.Text, err)
	}
	return h.set(at, !strings.HasPrefix(rest, "Deleted "))
}

// set records a change; the first thing known is one.
func (h *holding) set(at time.Time, held bool) error {
	if h.known && h.held == held {
		return nil
	}
	h.known, h.held = true, held
	return h.write(at)
}

func (h *holding) write(at time.Time) error {
	if !h.known {
		return nil
	}
	value := 0.0
	if h.held {
		value = 1
	}
	return h.record(history.Sample{
		AtS: max(0, at.Sub(h.base).Seconds()), Probe: h.probe, Name: h.host.Name(), Value: value,
	})
}
