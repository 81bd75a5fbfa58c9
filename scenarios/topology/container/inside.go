package container

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// commLength is how much of a process's name the kernel keeps.
const commLength = 15

func comm(process string) string { return process[:min(len(process), commLength)] }

// The exit status of pgrep and pkill when nothing matches.
const noMatch = 1

// alive are the states of processes that are not zombies, as pgrep takes them.
const alive = "D,I,R,S,T,t"

// Pids are the processes inside with a name, of which 15 bytes are compared; zombies
// do not count.
func (h *Host) Pids(ctx context.Context, process string) ([]int, error) {
	r, err := h.Exec(ctx, "pgrep", "-x", "-r", alive, comm(process))
	if err != nil {
		return nil, err
	}
	if r.Code > noMatch {
		return nil, fmt.Errorf("look for %s in %s: %w", process, h.spec.Name, r.failed())
	}
	var pids []int
	for word := range strings.FieldsSeq(r.Output) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			return nil, fmt.Errorf("look for %s in %s: pgrep prints %q", process, h.spec.Name, r.Output)
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

// Signal sends a signal, such as "KILL", to all processes inside with a name, of
// which 15 bytes are compared; none is no error.
func (h *Host) Signal(ctx context.Context, signal, process string) error {
	r, err := h.Exec(ctx, "pkill", "-"+signal, "-x", comm(process))
	if err == nil && r.Code > noMatch {
		err = fmt.Errorf("signal %s to %s in %s: %w", signal, process, h.spec.Name, r.failed())
	}
	return err
}
