// Package doctor owns the examination of a machine: which parts of the harness can run on
// it, which cannot, why, and how to mend that (CLI-1, CLI-3). It changes nothing. If an
// image of the lab is present, it starts a container of it for a moment.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// State is the result of one look.
type State string

// The states. Poor means that runs are possible but their figures suffer.
const (
	Good    State = "good"
	Poor    State = "poor"
	Missing State = "missing"
)

// Finding is what one look found.
type Finding struct {
	Name   string `json:"name"`
	State  State  `json:"state"`
	Detail string `json:"detail"`
	// Remedy is what to do when State is not Good.
	Remedy string `json:"remedy,omitempty"`
	// Prevents are the abilities that the machine lacks because of this; empty
	// when it only makes figures worse.
	Prevents []string `json:"prevents,omitempty"`
}

// The abilities that a finding can prevent.
const (
	Embedded = "embedded scenarios" // oalab run, without containers
	Docker   = "docker scenarios"
	Race     = "race tests"  // make test with the race detector
	Building = "building"    // make build, demo, check, test
	Alerts   = "alert tests" // make test holds the alerts of docker/metrics to their tests
)

// Abilities are all of them, in the order they are shown.
func Abilities() []string { return []string{Embedded, Docker, Race, Building, Alerts} }

// Machine asks the machine. Each function is one question; a test answers them
// itself. All must be set.
type Machine struct {
	GoVersion      func(ctx context.Context) (string, error)
	Cores          func() int
	MemAvailable   func() (bytes uint64, err error)
	FreeDisk       func() (bytes uint64, err error)
	OpenFiles      func() (limit uint64, err error)
	EphemeralPorts func() (count int, err error)
	ClockSource    func() (string, error)
	CCompiler      func() (path string, err error)
	Promtool       func() (path string, err error)
	DockerAPI      func(ctx context.Context) (version string, err error)
	DockerInfo     func(ctx context.Context) (Engine, error)
	// NetAdmin lets a container use NET_ADMIN; ErrNoImage: there is none to try it with.
	NetAdmin func(ctx context.Context) error
	Oaserver func() (path string, err error)
}

// ErrNoImage is that no image of ours is there yet.
var ErrNoImage = errors.New("no image of oalab is here yet")

// Engine is what the Docker daemon says of itself.
type Engine struct {
	OS       string // of its containers: linux
	Memory   uint64 // bytes that its containers have together; 0: it does not say
	Rootless bool   // it runs without root's rights, in a network of its own
}

// What scenario smoke needs, with room to spare: its open model may hold 4 500
// operations at once (300 per second × 15 s), each with a connection on both sides.
const (
	needCores  = 2
	needMemory = 2 << 30
	needDisk   = 2 << 30
	needFiles  = 10_000
	needPorts  = 10_000
	// The oldest API that the client speaks, 1.40 of Docker 19.03, and what all hosts of
	// a scenario take together.
	needDockerMinor  = 40
	needDockerMemory = 4 << 30
)

// Examine asks every question and says what the answers mean.
func (m Machine) Examine(ctx context.Context) []Finding {
	return []Finding{
		m.goTool(ctx),
		m.oaserver(),
		m.cores(),
		amount("memory", "GiB free", needMemory, 1<<30, "stop other programs; runs with less memory are slow or die")(m.MemAvailable()),
		amount("disk", "GiB free in the working folder", needDisk, 1<<30, "free some space, or let run folders go elsewhere with --out")(m.FreeDisk()),
		amount("open files", "may be open at once", needFiles, 1, "ulimit -n 65536 before oalab")(m.OpenFiles()),
		m.ports(),
		m.clock(),
		m.compiler(),
		m.promtool(),
		m.docker(ctx),
		m.dockerRights(ctx),
		m.dockerMemory(ctx),
	}
}

// Able says for each ability why the machine lacks it, or "" when it has it.
func Able(findings []Finding) map[string]string {
	able := map[string]string{}
	for _, ability := range Abilities() {
		var why []string
		for _, f := range findings {
			for _, p := range f.Prevents {
				if p == ability {
					why = append(why, f.Name+": "+f.Detail)
				}
			}
		}
		able[ability] = strings.Join(why, "; ")
	}
	return able
}

func (m Machine) goTool(ctx context.Context) Finding {
	f := Finding{Name: "go", State: Good}
	version, err := m.GoVersion(ctx)
	if err != nil {
		return f.lacks(err, "install Go 1.26 or newer (https://go.dev/dl)", Building, Race)
	}
	f.Detail = version
	return f
}

func (m Machine) oaserver() Finding {
	f := Finding{Name: "oaserver", State: Good}
	path, err := m.Oaserver()
	if err != nil {
		return f.lacks(err, "make build puts it beside oalab", Embedded, Docker)
	}
	f.Detail = path
	return f
}

func (m Machine) cores() Finding {
	f := Finding{Name: "cores", State: Good}
	n := m.Cores()
	f.Detail = fmt.Sprintf("%d", n)
	if n < needCores {
		f.State = Poor
		f.Remedy = fmt.Sprintf("use a machine with %d or more: generator and server disturb each other", needCores)
	}
	return f
}

func (m Machine) ports() Finding {
	n, err := m.EphemeralPorts()
	return amount("ephemeral ports", "", needPorts, 1, "sysctl net.ipv4.ip_local_port_range='10240 65535'")(uint64(max(n, 0)), err)
}

func (m Machine) clock() Finding {
	f := Finding{Name: "clock source", State: Good}
	source, err := m.ClockSource()
	if err != nil {
		f.Detail = "unknown: " + oneLine(err)
		return f // a machine that does not say is not a poor one
	}
	f.Detail = source
	if slow(source) {
		f.State = Poor
		f.Remedy = "each reading of this clock is a system call; boot with tsc or kvm-clock for exact latencies"
	}
	return f
}

// slow reports whether reading a clock source leaves the processor.
func slow(source string) bool {
	switch source {
	case "hpet", "acpi_pm", "refined-jiffies", "jiffies", "xen":
		return true
	}
	return false
}

func (m Machine) compiler() Finding {
	f := Finding{Name: "C compiler", State: Good}
	path, err := m.CCompiler()
	if err != nil {
		return f.lacks(err, "make deps (Debian), or install gcc and the C library's headers; without it tests run without -race", Race)
	}
	f.Detail = path
	return f
}

func (m Machine) promtool() Finding {
	f := Finding{Name: "promtool", State: Good}
	path, err := m.Promtool()
	if err != nil {
		return f.lacks(err, "make deps (Debian), or put promtool of Prometheus in a folder of PATH; without it the alerts are not tried", Alerts)
	}
	f.Detail = path
	return f
}

func (m Machine) docker(ctx context.Context) Finding {
	f := Finding{Name: "docker", State: Good}
	version, err := m.DockerAPI(ctx)
	if err != nil {
		return f.lacks(err, "start the Docker daemon, or set DOCKER_HOST; embedded scenarios do not need it", Docker)
	}
	minor, err := strconv.Atoi(strings.TrimPrefix(version, "1."))
	if err != nil || minor < needDockerMinor {
		err := fmt.Errorf("API %s, 1.%d wanted", version, needDockerMinor)
		return f.lacks(err, "install Docker Engine 19.03 or newer (Debian: apt-get install docker.io)", Docker)
	}
	f.Detail = "API " + version
	return f
}

// dockerRights looks whether hosts may change their network and be reached from here.
func (m Machine) dockerRights(ctx context.Context) Finding {
	f := Finding{Name: "docker network", State: Good}
	engine, err := m.DockerInfo(ctx)
	switch {
	case err != nil:
		f.Detail = "unknown: " + oneLine(err)
		return f // the finding before says why
	case engine.OS != "" && engine.OS != "linux":
		return f.lacks(fmt.Errorf("the daemon runs %s containers", engine.OS), "switch it to Linux containers", Docker)
	case engine.Rootless:
		return f.lacks(errors.New("the daemon is rootless: its hosts have no NET_ADMIN in a network that this machine reaches"),
			"use a daemon that runs as root (DOCKER_HOST=unix:///var/run/docker.sock)", Docker)
	}
	switch err := m.NetAdmin(ctx); {
	case errors.Is(err, ErrNoImage):
		f.Detail = "the daemon says that hosts may have NET_ADMIN; a container tries it once there are images"
	case errors.Is(err, context.DeadlineExceeded):
		f.Detail = fmt.Sprintf("the daemon says that hosts may have NET_ADMIN; no container tried it within %v", tryWithin)
	case err != nil:
		return f.lacks(fmt.Errorf("a host may not change its network: %w", err),
			"use a daemon that runs as root and may add NET_ADMIN to containers, on a kernel with nf_tables", Docker)
	default:
		f.Detail = "hosts have NET_ADMIN: one has tried it"
	}
	return f
}

func (m Machine) dockerMemory(ctx context.Context) Finding {
	engine, err := m.DockerInfo(ctx)
	if err == nil && engine.Memory == 0 {
		err = errors.New("the daemon does not say")
	}
	return amount("docker memory", "GiB for all containers", needDockerMemory, 1<<30,
		"give the daemon's machine more memory; hosts of a scenario take 2 to 4 GiB together")(engine.Memory, err)
}

// amount judges a number against what is needed; below it, figures suffer.
func amount(name, unit string, need, per uint64, remedy string) func(uint64, error) Finding {
	return func(have uint64, err error) Finding {
		f := Finding{Name: name, State: Good}
		if err != nil {
			f.Detail = "unknown: " + oneLine(err)
			return f
		}
		f.Detail = strings.TrimSpace(fmt.Sprintf("%s %s", quantity(have, per), unit))
		if have < need {
			f.State = Poor
			f.Detail += fmt.Sprintf(", %s wanted", quantity(need, per))
			f.Remedy = remedy
		}
		return f
	}
}

// quantity prints n in units of per.
func quantity(n, per uint64) string {
	if per == 1 {
		return fmt.Sprintf("%d", n)
	}
	return fmt.Sprintf("%.1f", float64(n)/float64(per))
}

func (f Finding) lacks(err error, remedy string, prevents ...string) Finding {
	f.State, f.Detail, f.Remedy, f.Prevents = Missing, oneLine(err), remedy, prevents
	return f
}

// oneLine is an error as one line.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
