package container

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

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
	autogroup     = "/proc/self/autogroup"
	autogroupNice = -10 // three times as heavy as the hosts together: it needs little, but at once
)

// prefer lets the session of this process, in which the generator is, go before the
// hosts, and returns what takes that back. Without the right to, or without such
// groups, it does nothing.
func prefer() (back func()) {
	back = func() {}
	text, err := os.ReadFile(autogroup)
	if err != nil {
		return back
	}
	var id, nice int
	if _, err := fmt.Sscanf(string(text), "/autogroup-%d nice %d", &id, &nice); err != nil || nice <= autogroupNice {
		return back
	}
	if os.WriteFile(autogroup, []byte(strconv.Itoa(autogroupNice)), 0o644) != nil {
		return back
	}
	return func() { _ = os.WriteFile(autogroup, []byte(strconv.Itoa(nice)), 0o644) }
}

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
