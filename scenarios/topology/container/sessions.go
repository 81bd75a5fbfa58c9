package container

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/shirou/gopsutil/v4/process"
	"github.com/testcontainers/testcontainers-go"
)

// Labels of what Testcontainers makes.
const (
	labelSession = "org.testcontainers.sessionId"
	labelReap    = "org.testcontainers.reap" // its own cleaner looks after it
)

// madeBeside reports whether a network is the one that Testcontainers makes beside what it
// is asked for, where a daemon has no default bridge, and made it as this project has it
// used: by the version that is linked in, with its own cleaner switched off. That name and
// these labels are all there is to know it by; labels of the lab it has none.
func madeBeside(n network.Network) bool {
	if n.Name != testcontainers.ReaperDefault || n.Labels[labelReap] != "" {
		return false
	}
	for label, value := range testcontainers.GenericLabels() {
		if label != labelSession && label != labelReap && n.Labels[label] != value {
			return false
		}
	}
	return n.Labels[labelSession] != ""
}

// removeAbandoned removes the networks that Testcontainers made beside, whose session is
// over, and which no container is on, and adds them to done.
func (e *Engine) removeAbandoned(ctx context.Context, done *Removed) error {
	list, err := e.docker.NetworkList(ctx, client.NetworkListOptions{Filters: make(client.Filters).Add("label", labelSession)})
	if err != nil {
		return fmt.Errorf("list the networks of Testcontainers: %w", err)
	}
	for _, n := range list.Items {
		if !madeBeside(n.Network) {
			continue
		}
		over, err := e.owner.sessionOver(ctx, n.Labels[labelSession])
		if err != nil {
			return err
		}
		if !over {
			continue
		}
		// The list does not say what is on a network.
		at, err := e.docker.NetworkInspect(ctx, n.ID, client.NetworkInspectOptions{})
		if err == nil && len(at.Network.Containers) == 0 {
			_, err = e.docker.NetworkRemove(ctx, n.ID, client.NetworkRemoveOptions{})
			if err == nil {
				done.Networks = append(done.Networks, n.Name)
			}
		}
		// A container that has joined it since keeps it, and another run may have removed it.
		if err != nil && !errdefs.IsNotFound(err) && !errdefs.IsPermissionDenied(err) && !errdefs.IsConflict(err) {
			return fmt.Errorf("remove network %s: %w", n.Name, err)
		}
	}
	return nil
}

// everyProcess is the namespace in which all processes of a machine are seen: the first one,
// which has a fixed number (PROC_PID_INIT_INO in the kernel's linux/proc_ns.h).
const everyProcess = "pid:[4026531836]"

// bootJitterS is by how many seconds the boot of this machine may be told differently from
// one time to another: it is the time of day less the time since, in whole seconds.
const bootJitterS = 2

// sessionOver reports whether the owner of a session of Testcontainers is surely gone. The
// owner is the process that started the one that used Testcontainers; the session is a hash
// of its id and its start. A session that hashes no process (Testcontainers knew none, or
// the owner was not in its namespace) cannot be judged, and neither can any where not all
// processes are seen: they count as living.
func (o owner) sessionOver(ctx context.Context, session string) (bool, error) {
	if raw, err := hex.DecodeString(session); err != nil || len(raw) != sha256.Size {
		return false, nil //nolint:nilerr // a random one: no process can be known by it
	}
	if session == sessionOf(0, 0) || o.namespace != everyProcess {
		return false, nil
	}
	all, err := process.ProcessesWithContext(ctx)
	if err != nil {
		return false, fmt.Errorf("list the processes: %w", err)
	}
	for _, p := range all {
		started, err := p.CreateTimeWithContext(ctx)
		if err != nil {
			continue // it has ended since
		}
		for s := int64(-bootJitterS); s <= bootJitterS; s++ {
			if session == sessionOf(p.Pid, started+1000*s) {
				return false, nil
			}
		}
	}
	return true, nil
}

// sessionOf is the session of Testcontainers whose owner is a process that started at a
// time in milliseconds.
func sessionOf(pid int32, started int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "testcontainers-go:%d:%d", pid, started))
	return hex.EncodeToString(sum[:])
}
