package container

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// owner is the process that made a container. A process id alone is given again by
// the kernel, so its start time and the boot are part of it; machine and process
// namespace say whether this process can see the owner at all.
type owner struct {
	pid       int
	start     string // clock ticks after boot
	boot      string
	namespace string
	machine   string
}

const ownerFields = 5

// String is the label; parseOwner reads it.
func (o owner) String() string {
	return strings.Join([]string{strconv.Itoa(o.pid), o.start, o.boot, o.namespace, o.machine}, " ")
}

func parseOwner(label string) (owner, error) {
	f := strings.Split(label, " ")
	if len(f) != ownerFields {
		return owner{}, fmt.Errorf("owner %q has %d fields, want %d", label, len(f), ownerFields)
	}
	pid, err := strconv.Atoi(f[0])
	if err != nil || pid <= 0 {
		return owner{}, fmt.Errorf("owner %q has no process id", label)
	}
	return owner{pid: pid, start: f[1], boot: f[2], namespace: f[3], machine: f[4]}, nil
}

// self is this process.
func self() (owner, error) {
	machine, err := os.Hostname()
	if err != nil {
		return owner{}, err
	}
	o := owner{pid: os.Getpid(), machine: strings.ReplaceAll(machine, " ", "-")}
	if o.boot, o.namespace, err = whereabouts(); err != nil {
		return owner{}, err
	}
	o.start, err = startOf(o.pid)
	return o, err
}

// gone reports whether the process is surely over, as seen from the process me.
// One on another machine or in another namespace cannot be seen: it counts as
// living.
func (o owner) gone(me owner) (bool, error) {
	if o.machine != me.machine {
		return false, nil
	}
	if o.boot != me.boot {
		return true, nil
	}
	if o.namespace != me.namespace {
		return false, nil
	}
	if err := syscall.Kill(o.pid, 0); errors.Is(err, syscall.ESRCH) {
		return true, nil
	}
	start, err := startOf(o.pid)
	if err != nil {
		return false, err
	}
	return start != o.start, nil
}
