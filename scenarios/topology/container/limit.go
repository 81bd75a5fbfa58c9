package container

import (
	"context"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// cpuPeriod is the kernel's own accounting period.
const cpuPeriod = 100 * time.Millisecond

// The smallest limits that kernel and Docker take.
const (
	minQuota     = time.Millisecond // a period
	minMemoryMiB = 6
)

// validCPUs judges a share of processors that is given anew each period.
func validCPUs(cpus float64, period time.Duration) error {
	least := minQuota.Seconds() / period.Seconds()
	if cpus < 0 || cpus > 0 && cpus < least {
		return fmt.Errorf("a limit of %g CPUs; with a period of %v the kernel takes at least %g, or 0 for none", cpus, period, least)
	}
	return nil
}

func validMemory(mib int64) error {
	if mib < 0 || mib > 0 && mib < minMemoryMiB {
		return fmt.Errorf("a limit of %d MiB; Docker takes at least %d, or 0 for none", mib, minMemoryMiB)
	}
	return nil
}

// sharesOfOne is what the daemon gives a container without a weight.
const sharesOfOne = 1024

// limits are those of a new container. Quota and period are used instead of NanoCPUs
// because only they can be taken back while it runs.
func limits(s Spec) container.Resources {
	r := container.Resources{Memory: s.MemoryMiB << 20, MemorySwap: s.MemoryMiB << 20, CPUShares: s.Weight * sharesOfOne}
	if s.CPUs > 0 {
		r.CPUPeriod, r.CPUQuota = s.CPUPeriod.Microseconds(), s.quota(s.CPUs)
	}
	return r
}

// quota is a share of the period, in microseconds.
func (s Spec) quota(cpus float64) int64 { return int64(cpus*float64(s.CPUPeriod.Microseconds()) + 0.5) }

// LimitCPU bounds the host's processor time from now on, in processors' worth; 0
// takes the limit off. It stays over restarts.
func (h *Host) LimitCPU(ctx context.Context, cpus float64) error {
	if err := validCPUs(cpus, h.spec.CPUPeriod); err != nil {
		return fmt.Errorf("limit %s: %w", h.spec.Name, err)
	}
	r := container.Resources{CPUPeriod: h.spec.CPUPeriod.Microseconds(), CPUQuota: -1}
	if cpus > 0 {
		r.CPUQuota = h.spec.quota(cpus)
	}
	return h.update(ctx, r)
}

// LimitMemory bounds the host's memory from now on, in MiB; 0 takes the limit off. It
// stays over restarts. The kernel refuses a limit that it cannot bring the host below.
func (h *Host) LimitMemory(ctx context.Context, mib int64) error {
	if err := validMemory(mib); err != nil {
		return fmt.Errorf("limit %s: %w", h.spec.Name, err)
	}
	r := container.Resources{Memory: mib << 20, MemorySwap: mib << 20}
	if mib == 0 {
		// Docker knows no way back to none; all that there is comes to the same.
		r.Memory, r.MemorySwap = noLimitMiB<<20, noLimitMiB<<20
	}
	return h.update(ctx, r)
}

// noLimitMiB is more memory than any machine has, and a number that kernels take.
const noLimitMiB = 1 << 30

func (h *Host) update(ctx context.Context, r container.Resources) error {
	if _, err := h.engine.docker.ContainerUpdate(ctx, h.id, client.ContainerUpdateOptions{Resources: &r}); err != nil {
		return fmt.Errorf("limit %s: %w", h.spec.Name, err)
	}
	return nil
}

// CPULimit is the bound that the kernel holds the host to, 0 for none. Where this
// process cannot see the kernel's own files it is what Docker says.
func (h *Host) CPULimit(ctx context.Context) (float64, error) {
	i, err := h.inspect(ctx)
	if err != nil {
		return 0, err
	}
	quota, period := float64(i.HostConfig.CPUQuota), float64(max(i.HostConfig.CPUPeriod, 1))
	if g, ok := groupOf(i); ok {
		quota, period = g.cpu(quota, period)
	}
	return max(quota, 0) / period, nil
}

// MemoryLimit is the bound that the kernel holds the host to, in MiB, 0 for none.
func (h *Host) MemoryLimit(ctx context.Context) (int64, error) {
	i, err := h.inspect(ctx)
	if err != nil {
		return 0, err
	}
	bytes := i.HostConfig.Memory
	if g, ok := groupOf(i); ok {
		bytes = g.memory(bytes)
	}
	if mib := bytes >> 20; mib < noLimitMiB {
		return mib, nil
	}
	return 0, nil
}

// group finds the files of the control groups of a container. In version 2 it has one
// folder, in version 1 one for each controller.
type group struct{ folders map[string]string }

const groupRoot = "/sys/fs/cgroup"

// groupOf reads where the container's first process is. A process that is not in a
// group named after the container is another's: the daemon is not on this machine.
func groupOf(i container.InspectResponse) (group, bool) {
	if i.State == nil || i.State.Pid == 0 {
		return group{}, false
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", i.State.Pid))
	if err != nil {
		return group{}, false
	}
	g := group{folders: map[string]string{}}
	for line := range strings.Lines(string(text)) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) != 3 || !strings.Contains(f[2], i.ID) {
			continue
		}
		for controller := range strings.SplitSeq(f[1], ",") {
			g.folders[controller] = path.Join(groupRoot, controller, f[2])
		}
	}
	return g, len(g.folders) > 0
}

// words are those of the first of the files that is there, each named by controller
// and file: version 2 (controller "") and version 1.
func (g group) words(controller, file string) ([]string, bool) {
	dir, ok := g.folders[controller]
	if !ok {
		return nil, false
	}
	text, err := os.ReadFile(path.Join(dir, file))
	return strings.Fields(string(text)), err == nil && len(strings.Fields(string(text))) > 0
}

// cpu is quota and period, the given ones where the kernel's cannot be seen.
func (g group) cpu(quota, period float64) (float64, float64) {
	if w, ok := g.words("", "cpu.max"); ok && len(w) == 2 {
		return number(w[0]), number(w[1])
	}
	q, ok := g.words("cpu", "cpu.cfs_quota_us")
	p, there := g.words("cpu", "cpu.cfs_period_us")
	if ok && there {
		return number(q[0]), number(p[0])
	}
	return quota, period
}

func (g group) memory(bytes int64) int64 {
	w, ok := g.words("", "memory.max")
	if !ok {
		w, ok = g.words("memory", "memory.limit_in_bytes")
	}
	switch {
	case !ok:
		return bytes
	case w[0] == "max":
		return 0
	default:
		return int64(number(w[0]))
	}
}

// number is a figure of the kernel; "max" and what is none count as 0, which is no
// limit.
func number(word string) float64 {
	v, err := strconv.ParseFloat(word, 64)
	if err != nil {
		return 0
	}
	return v
}
