package container

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"path"
	"strings"
	"time"
)

// Spec says what a host is. Name, Image and Addr are required.
type Spec struct {
	// Name is the host's name in messages, for itself and on the network.
	Name string
	// Image must be there already, carry sh, and nft, ip and pkill for the faults.
	Image string
	// Addr is its static address on the network, from .2 to .191; it stays the same
	// over restarts, and so does the hardware address derived from it.
	Addr netip.Addr
	// Env is set in addition to what the image sets.
	Env map[string]string
	// Cmd is what the host runs, in place of the image's command; nil means that. An
	// entry point of the image comes first either way.
	Cmd []string
	// Init puts Docker's small init in front as process 1: it reaps what daemons leave
	// and passes SIGTERM on, for a Cmd that does neither.
	Init bool
	// Caps are capabilities beside NET_ADMIN, which every host has for the sake of Cut.
	Caps []string
	// CPUs bounds its processor time, in processors' worth (at least 0.01), and
	// MemoryMiB its memory without swap (at least 6); 0 is no limit.
	CPUs      float64
	MemoryMiB int64
	// Weight is its part of contended processors, against 1 of another host; 0 means 1. For
	// one whose timers others rely on: hosts of their own would never wait for each other.
	Weight int64
	// CPUPeriod is how often the kernel gives a limited host its processor time anew, from
	// 1 ms; 0 means 100 ms. A host that has used up its share stands still until then.
	CPUPeriod time.Duration
	// Files are written before its first start; they cannot lie in a Tmpfs.
	Files []File
	// Tmpfs are small file systems in memory by path, with their size in bytes. They
	// are empty again after a restart.
	Tmpfs map[string]int64
	// Volumes are folders on a file system of this machine instead of the container's
	// layers, where a commit may cost a multiple. They begin with what the image has
	// there, outlive restarts, and go with the host.
	Volumes []string
	// Ready makes one observation from outside and returns nil if the host does its
	// work. nil means that it is ready as soon as it runs.
	Ready func(ctx context.Context) error
	// ReadyTimeout bounds one call of Ready; 0 means 1 s.
	ReadyTimeout time.Duration
	// StopTimeout is how long a stop may take before it becomes a kill; 0 means 10 s.
	StopTimeout time.Duration
	// LogPath gets its output, appended over restarts; empty means nowhere.
	LogPath string
	// Publish are TCP ports that 127.0.0.1 of this machine gets as well, see
	// Host.Published. From this machine a host is reachable by Addr without it.
	Publish []uint16
	// Labels are added to the lab's own.
	Labels map[string]string
}

// File is one file of a host.
type File struct {
	Path    string // absolute; folders on the way are made
	Content []byte
	Mode    fs.FileMode // 0 means 0644
}

func (s Spec) validate(n *Network) error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if s.Name == "" || strings.Trim(s.Name, nameLetters) != "" {
		fail("its name needs letters, digits and \"_.-\" only")
	}
	if s.Image == "" {
		fail("no image given")
	}
	switch last := s.Addr; {
	case !last.Is4() || !n.subnet.Contains(last):
		fail("address %s is not on its network %s", s.Addr, n.subnet)
	case last.As4()[3] < 2 || last.As4()[3] >= firstDynamic:
		fail("address %s: those of hosts end in 2 to %d", s.Addr, firstDynamic-1)
	}
	for _, f := range s.Files {
		if !path.IsAbs(f.Path) {
			fail("file %q has no absolute path", f.Path)
		}
	}
	for dir, size := range s.Tmpfs {
		if !path.IsAbs(dir) || size <= 0 {
			fail("tmpfs %q of %d bytes: it needs an absolute path and a size", dir, size)
		}
	}
	for _, dir := range s.Volumes {
		if !path.IsAbs(dir) {
			fail("volume %q has no absolute path", dir)
		}
	}
	if s.ReadyTimeout < 0 || s.StopTimeout < 0 {
		fail("a negative timeout")
	}
	if err := validCPUs(s.CPUs, cmp.Or(s.CPUPeriod, cpuPeriod)); err != nil {
		errs = append(errs, err)
	}
	if s.CPUPeriod != 0 && (s.CPUPeriod < time.Millisecond || s.CPUPeriod > time.Second) {
		fail("a CPU period of %s; the kernel takes 1ms to 1s", s.CPUPeriod)
	}
	if err := validMemory(s.MemoryMiB); err != nil {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		return fmt.Errorf("host %q: %w", s.Name, errors.Join(errs...))
	}
	return nil
}

func (s Spec) withDefaults() Spec {
	if s.ReadyTimeout == 0 {
		s.ReadyTimeout = time.Second
	}
	if s.CPUPeriod == 0 {
		s.CPUPeriod = cpuPeriod
	}
	if s.StopTimeout == 0 {
		s.StopTimeout = 10 * time.Second
	}
	return s
}
