package topology

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"oalab/scenarios/history"
	"oalab/scenarios/probe"
	"oalab/scenarios/topology/container"
)

// Metered is a system of which the kernel's counters can be read.
type Metered interface {
	// Meter finds the counters of all hosts as they run now, for a probe of the name
	// history.ProbeHost.
	Meter(ctx context.Context) (probe.Func, error)
}

// Meter reads the counters of all containers and of the machine.
func (d *docker) Meter(ctx context.Context) (probe.Func, error) {
	meters := map[string]*container.Meter{}
	for name, h := range d.hosts {
		m, err := h.Meter(ctx)
		if err != nil {
			return nil, err
		}
		meters[string(name)] = m
	}
	return func(context.Context) ([]probe.Reading, error) {
		readings, err := machine()
		if err != nil {
			return nil, err
		}
		for name, m := range meters {
			c, err := m.Read()
			for _, r := range []probe.Reading{
				{Name: history.CounterCPU, Value: c.CPUS},
				{Name: history.CounterPeriods, Value: c.Periods},
				{Name: history.CounterThrottled, Value: c.Throttled},
				{Name: history.CounterReceived, Value: c.Received},
				{Name: history.CounterSent, Value: c.Sent},
			} {
				r.Name, r.Err = name+"."+r.Name, err
				readings = append(readings, r)
			}
		}
		return readings, nil
	}, nil
}

// ticksPerS is the unit of /proc/stat on every Linux that Go runs on.
const ticksPerS = 100

// machine reads what the kernel counts of the whole machine. Time that a hypervisor gave
// to others counts as busy: it is not to be had.
func machine() ([]probe.Reading, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return nil, fmt.Errorf("read the machine's counters: %w", err)
	}
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return nil, fmt.Errorf("read the machine's load: %w", err)
	}
	busy, all, err := processorTime(string(stat))
	if err != nil {
		return nil, err
	}
	first, _, _ := strings.Cut(string(load), " ")
	average, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return nil, fmt.Errorf("the machine's load: %w", err)
	}
	return []probe.Reading{
		{Name: history.MachineHost + "." + history.CounterBusy, Value: busy},
		{Name: history.MachineHost + "." + history.CounterTime, Value: all},
		{Name: history.MachineHost + "." + history.GaugeLoad, Value: average},
	}, nil
}

// processorTime reads the first line of /proc/stat: cpu user nice system idle iowait irq
// softirq steal …, all processors together.
func processorTime(stat string) (busyS, allS float64, err error) {
	line, _, _ := strings.Cut(stat, "\n")
	words := strings.Fields(line)
	if len(words) < 9 || words[0] != "cpu" {
		return 0, 0, errors.New("/proc/stat does not begin with the time of all processors")
	}
	for i, w := range words[1:9] {
		ticks, err := strconv.ParseFloat(w, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("/proc/stat: %w", err)
		}
		allS += ticks
		if i != 3 && i != 4 { // idle, also while waiting for a disk
			busyS += ticks
		}
	}
	return busyS / ticksPerS, allS / ticksPerS, nil
}
