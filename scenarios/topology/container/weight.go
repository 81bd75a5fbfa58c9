package container

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/moby/moby/client"
)

// groupName is the control group of all hosts, where they need one.
const groupName = "oalab"

// Weight of the hosts together against any one other group of processes on a
// contended processor: three parts.
const (
	weightV1 = "3072" // cpu.shares, of 1024
	weightV2 = "300"  // cpu.weight, of 100
)

// autogroup tells and sets the weight of this process' session by a nice value (sched(7)).
const (
	autogroup = "/proc/self/autogroup"
	// autogroupNice is all there is: at -10 (three times as heavy as the hosts) each start of
	// a container still kept the generator waiting for 30 to 50 ms.
	autogroupNice = -20
)

// precedence gives the session of this process, with the generator, precedence over the
// hosts while at least one engine holds it. Engines of one process come and go at different
// times. Without the right to set it, or without such groups, it does nothing. The zero
// value with a file is ready; it is safe for concurrent use.
type precedence struct {
	file string

	mu      sync.Mutex
	holders int
	before  string // nice value to go back to, "" for none
}

// generatorFirst is the precedence that all engines of this process share.
var generatorFirst = precedence{file: autogroup}

// hold takes part in the precedence until release is called; calling that again does
// nothing.
func (p *precedence) hold() (release func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.holders++
	if p.holders == 1 {
		p.before = p.raise()
	}
	return sync.OnceFunc(p.release)
}

func (p *precedence) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.holders--
	if p.holders == 0 && p.before != "" {
		_ = p.set(p.before)
	}
}

// raise gives the session its weight and returns the nice value that it had, "" where
// nothing was changed.
func (p *precedence) raise() (before string) {
	text, err := os.ReadFile(p.file)
	if err != nil {
		return ""
	}
	var id, nice int
	if _, err := fmt.Sscanf(string(text), "/autogroup-%d nice %d", &id, &nice); err != nil || nice <= autogroupNice {
		return ""
	}
	if p.set(strconv.Itoa(autogroupNice)) != nil {
		return ""
	}
	return strconv.Itoa(nice)
}

func (p *precedence) set(nice string) error { return os.WriteFile(p.file, []byte(nice), 0o644) }

// weigh gives the hosts a control group of their own with more than one part of the
// processors, where the daemon would put them all into one group with the weight of
// a single process: starting one host would then take the others' processor away for
// half a second, which hosts that are machines would not feel. It returns the parent
// group for new containers, or "" where the daemon weighs each container by itself
// (systemd), is another machine's, or the group cannot be made (no root): then the
// default stays.
func weigh(ctx context.Context, docker client.APIClient) string {
	if !strings.HasPrefix(docker.DaemonHost(), "unix://") {
		return ""
	}
	info, err := docker.Info(ctx, client.InfoOptions{})
	if err != nil || info.Info.CgroupDriver != "cgroupfs" {
		return ""
	}
	for _, g := range []struct{ mount, file, weight string }{
		{"/sys/fs/cgroup/cpu", "cpu.shares", weightV1},
		{"/sys/fs/cgroup/cpu,cpuacct", "cpu.shares", weightV1},
		{"/sys/fs/cgroup", "cpu.weight", weightV2},
	} {
		if _, err := os.Stat(filepath.Join(g.mount, "cgroup.procs")); err != nil {
			continue
		}
		dir := filepath.Join(g.mount, groupName)
		if err := os.Mkdir(dir, 0o755); err != nil && !os.IsExist(err) {
			return ""
		}
		if err := os.WriteFile(filepath.Join(dir, g.file), []byte(g.weight), 0o644); err != nil {
			return ""
		}
		return "/" + groupName
	}
	return ""
}
