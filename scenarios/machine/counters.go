// Package machine reads the kernel's counters of the whole machine, and measures how fast
// the machine is. A judge needs both: a full or slow machine explains long times, and
// nothing else.
package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"
)

// ErrAbsent is returned where the system keeps no counters in /proc.
var ErrAbsent = errors.New("this system has no counters of the machine in /proc")

// Counters are what the kernel counts of the machine since it booted. Times are in
// seconds, all processors together.
type Counters struct {
	At       time.Time
	Cores    int
	BusyS    float64 // not idle; stolen time is not to be had, so it counts as busy
	StolenS  float64 // given to others by the hypervisor
	AllS     float64
	Runnable int     // tasks that run or wait to run at this moment, the reader left out
	Load1M   float64 // load average of the last minute
	// WaitedS is the time in which at least one task waited for a processor. HasPressure
	// is false where the kernel does not count it.
	WaitedS     float64
	HasPressure bool
}

// Read reads the counters of this machine. The error wraps ErrAbsent where there are none.
func Read() (Counters, error) {
	stat, err := os.ReadFile("/proc/stat")
	if errors.Is(err, fs.ErrNotExist) {
		return Counters{}, ErrAbsent
	}
	if err != nil {
		return Counters{}, fmt.Errorf("read the machine's counters: %w", err)
	}
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return Counters{}, fmt.Errorf("read the machine's load: %w", err)
	}
	pressure, err := os.ReadFile("/proc/pressure/cpu")
	if err != nil {
		pressure = nil // the kernel is built, or was started, without it
	}
	return parse(string(stat), string(load), string(pressure))
}

func parse(stat, load, pressure string) (Counters, error) {
	c := Counters{At: time.Now()}
	if err := c.processors(stat); err != nil {
		return Counters{}, err
	}
	if err := c.tasks(load); err != nil {
		return Counters{}, err
	}
	if err := c.waiting(pressure); err != nil {
		return Counters{}, err
	}
	return c, nil
}

// ticksPerS is the unit of /proc/stat on every Linux that Go runs on.
const ticksPerS = 100

// processors reads the first line of /proc/stat (cpu user nice system idle iowait irq
// softirq steal …, all processors together) and counts the lines of single processors.
func (c *Counters) processors(stat string) error {
	lines := strings.Split(stat, "\n")
	words := strings.Fields(lines[0])
	if len(words) < 9 || words[0] != "cpu" {
		return errors.New("/proc/stat does not begin with the time of all processors")
	}
	for i, w := range words[1:9] {
		ticks, err := strconv.ParseFloat(w, 64)
		if err != nil {
			return fmt.Errorf("/proc/stat: %w", err)
		}
		c.AllS += ticks / ticksPerS
		switch i {
		case 3, 4: // idle, also while waiting for a disk
			continue
		case 7:
			c.StolenS = ticks / ticksPerS
		}
		c.BusyS += ticks / ticksPerS
	}
	for _, l := range lines[1:] {
		if !strings.HasPrefix(l, "cpu") {
			break
		}
		c.Cores++
	}
	if c.Cores == 0 {
		return errors.New("/proc/stat lists no processor")
	}
	return nil
}

// tasks reads /proc/loadavg: 0.20 0.18 0.12 1/80 11206.
func (c *Counters) tasks(load string) error {
	words := strings.Fields(load)
	if len(words) < 4 {
		return fmt.Errorf("/proc/loadavg is %q", load)
	}
	var err error
	if c.Load1M, err = strconv.ParseFloat(words[0], 64); err != nil {
		return fmt.Errorf("/proc/loadavg: %w", err)
	}
	running, _, _ := strings.Cut(words[3], "/")
	n, err := strconv.Atoi(running)
	if err != nil {
		return fmt.Errorf("/proc/loadavg: %w", err)
	}
	c.Runnable = max(0, n-1)
	return nil
}

// waiting reads /proc/pressure/cpu, if there is one: some avg10=0.00 … total=182928401,
// in microseconds.
func (c *Counters) waiting(pressure string) error {
	line, _, _ := strings.Cut(pressure, "\n")
	if line == "" {
		return nil
	}
	_, total, found := strings.Cut(line, "total=")
	if !found || !strings.HasPrefix(line, "some ") {
		return fmt.Errorf("/proc/pressure/cpu begins with %q", line)
	}
	micros, err := strconv.ParseFloat(strings.TrimSpace(total), 64)
	if err != nil {
		return fmt.Errorf("/proc/pressure/cpu: %w", err)
	}
	c.WaitedS, c.HasPressure = micros/1e6, true
	return nil
}
