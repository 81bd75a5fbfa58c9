package container

import "github.com/moby/moby/api/types/container"

// cpuPeriod is the kernel's accounting period, in microseconds.
const cpuPeriod = 100_000

// resources are the limits as Docker takes them. Quota and period are used instead of
// NanoCPUs because only they can be taken back on a running container.
func (l Limits) resources() container.Resources {
	var r container.Resources
	if l.CPUs > 0 {
		r.CPUPeriod, r.CPUQuota = cpuPeriod, int64(l.CPUs*cpuPeriod)
	}
	if l.MemoryMiB > 0 {
		r.Memory = l.MemoryMiB << 20
		r.MemorySwap = r.Memory
	}
	return r
}
