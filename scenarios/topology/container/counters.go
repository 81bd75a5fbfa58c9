package container

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Counters are what the kernel has counted of a host since it was started.
type Counters struct {
	CPUS float64 // processor time of all its processes, seconds
	// Periods are those of a limit on its processor time in which it wanted to run, and
	// Throttled those of them in which the limit held it back.
	Periods, Throttled float64
	Received, Sent     float64 // bytes, over all interfaces but the loopback
}

// Meter reads the kernel's counters of one life of a host without asking the daemon.
type Meter struct {
	name  string
	group group
	net   string // file
}

// Meter finds the counters of a host that runs. It is an error where this process cannot
// see the kernel that counts: the daemon is on another machine.
func (h *Host) Meter(ctx context.Context) (*Meter, error) {
	i, err := h.inspect(ctx)
	if err != nil {
		return nil, err
	}
	g, ok := groupOf(i)
	if !ok {
		return nil, fmt.Errorf("the kernel's counters of %s cannot be seen: it is down, or the daemon is on another machine", h.spec.Name)
	}
	return &Meter{name: h.spec.Name, group: g, net: fmt.Sprintf("/proc/%d/net/dev", i.State.Pid)}, nil
}

// Read reads the counters.
func (m *Meter) Read() (Counters, error) {
	var c Counters
	if v, ok := m.group.cpuField("", "usage_usec"); ok { // control groups of version 2
		c.CPUS = v / 1e6
		c.Periods, _ = m.group.cpuField("", "nr_periods")
		c.Throttled, _ = m.group.cpuField("", "nr_throttled")
	} else {
		w, ok := m.group.words("cpuacct", "cpuacct.usage")
		if !ok {
			return c, fmt.Errorf("processor time of %s cannot be read", m.name)
		}
		c.CPUS = number(w[0]) / 1e9
		c.Periods, _ = m.group.cpuField("cpu", "nr_periods")
		c.Throttled, _ = m.group.cpuField("cpu", "nr_throttled")
	}
	return c, m.traffic(&c)
}

// cpuField is a named figure of cpu.stat, a file of lines with a name and a figure each.
func (g group) cpuField(controller, name string) (float64, bool) {
	w, _ := g.words(controller, "cpu.stat")
	for i := 0; i+1 < len(w); i += 2 {
		if w[i] == name {
			return number(w[i+1]), true
		}
	}
	return 0, false
}

// traffic adds up what the host's interfaces have received and sent.
func (m *Meter) traffic(c *Counters) (err error) {
	f, err := os.Open(m.net)
	if err != nil {
		return fmt.Errorf("traffic of %s: %w", m.name, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, figures, ok := strings.Cut(lines.Text(), ":")
		w := strings.Fields(figures)
		if !ok || strings.TrimSpace(name) == "lo" || len(w) < 9 {
			continue
		}
		c.Received += number(w[0])
		c.Sent += number(w[8])
	}
	return nil
}
