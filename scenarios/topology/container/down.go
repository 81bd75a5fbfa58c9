package container

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/moby/moby/client"
)

// Down ends what was made with Keep by the engine with the run id run, or by all engines where
// run is empty: a process that still holds it is interrupted and given the time of ctx to clean
// up after itself, the rest is removed.
func (e *Engine) Down(ctx context.Context, run string) (Removed, error) {
	holders, err := e.holders(ctx, run)
	if err != nil {
		return Removed{}, err
	}
	for _, o := range holders {
		if err := syscall.Kill(o.pid, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
			return Removed{}, fmt.Errorf("interrupt process %d, which holds a topology: %w", o.pid, err)
		}
	}
	var ended []int
	for _, o := range holders {
		ended = append(ended, o.pid)
		err := poll(ctx, fmt.Sprintf("process %d lets go of its topology", o.pid), func(context.Context) error {
			gone, err := o.gone(e.owner)
			if err == nil && !gone {
				err = errors.New("it still runs")
			}
			return err
		})
		if err != nil {
			return Removed{}, err
		}
	}
	gone, err := e.remove(ctx, func(labels map[string]string) (bool, error) { return kept(labels, run), nil })
	gone.Holders = ended
	return gone, err
}

// kept reports whether the thing with these labels was made with Keep by run; empty means any.
func kept(labels map[string]string, run string) bool {
	return labels[LabelKeep] == "true" && (run == "" || labels[LabelRun] == run)
}

// holders are the living processes that made something with Keep, as kept has it, once each.
func (e *Engine) holders(ctx context.Context, run string) ([]owner, error) {
	list, err := e.docker.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: ours("")})
	if err != nil {
		return nil, fmt.Errorf("list the lab's containers: %w", err)
	}
	var living []owner
	seen := map[owner]bool{e.owner: true}
	for _, c := range list.Items {
		o, err := parseOwner(c.Labels[LabelOwner])
		if !kept(c.Labels, run) || err != nil || seen[o] || o.machine != e.owner.machine || o.namespace != e.owner.namespace {
			continue
		}
		seen[o] = true
		gone, err := o.gone(e.owner)
		if err != nil {
			return nil, err
		}
		if !gone {
			living = append(living, o)
		}
	}
	return living, nil
}
