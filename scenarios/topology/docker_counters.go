package topology

import (
	"context"

	"oalab/scenarios/history"
	"oalab/scenarios/machine"
	"oalab/scenarios/probe"
	"oalab/scenarios/topology/container"
)

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
		readings, err := machineCounters()
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

// machineCounters are what the kernel counts of the whole machine.
func machineCounters() ([]probe.Reading, error) {
	c, err := machine.Read()
	if err != nil {
		return nil, err
	}
	return []probe.Reading{
		{Name: history.MachineHost + "." + history.CounterBusy, Value: c.BusyS},
		{Name: history.MachineHost + "." + history.CounterTime, Value: c.AllS},
		{Name: history.MachineHost + "." + history.GaugeLoad, Value: c.Load1M},
	}, nil
}
