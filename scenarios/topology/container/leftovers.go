package container

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"
)

// removers is how many removals run at once: the daemon works on them in parallel,
// and each mostly waits for a kernel that takes its time over a namespace.
const removers = 8

// Removed names what was removed.
type Removed struct {
	Containers []string
	Networks   []string
	// Holders are the processes that were interrupted, and removed what they held.
	Holders []int
}

// Empty reports whether it was nothing.
func (r Removed) Empty() bool { return len(r.Containers)+len(r.Networks)+len(r.Holders) == 0 }

// Clean removes every container and network of the lab: running or not, kept or not, with
// any owner. With run ids it removes only those of these runs. It decides by labels alone
// and returns what it removed, also with an error. Without run ids it also removes the
// networks that Testcontainers made beside for a session that is over (madeBeside).
func (e *Engine) Clean(ctx context.Context, runs ...string) (Removed, error) {
	done, err := e.remove(ctx, func(labels map[string]string) (bool, error) {
		return len(runs) == 0 || slices.Contains(runs, labels[LabelRun]), nil
	})
	if len(runs) > 0 {
		return done, err
	}
	err = errors.Join(err, e.removeAbandoned(ctx, &done))
	return done, err
}

// sweep removes the containers and networks whose owning process is gone, unless they are
// labelled to be kept. If this version cannot read the owner, the session of Testcontainers
// decides, if there is one.
func (e *Engine) sweep(ctx context.Context) (Removed, error) {
	done, err := e.remove(ctx, func(labels map[string]string) (bool, error) {
		if labels[LabelKeep] == "true" {
			return false, nil
		}
		o, err := parseOwner(labels[LabelOwner])
		if err != nil {
			return e.owner.sessionOver(ctx, labels[labelSession])
		}
		return o.gone(e.owner)
	})
	err = errors.Join(err, e.removeAbandoned(ctx, &done))
	return done, err
}

// thing is a container or network to remove.
type thing struct{ id, name string }

// remove removes the containers of the lab that choose picks by their labels, and
// then the networks.
func (e *Engine) remove(ctx context.Context, choose func(map[string]string) (bool, error)) (Removed, error) {
	var done Removed
	var containers, networks []thing
	cs, err := e.docker.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: ours("")})
	if err != nil {
		return done, fmt.Errorf("list the lab's containers: %w", err)
	}
	for _, c := range cs.Items {
		yes, err := choose(c.Labels)
		if err != nil {
			return done, err
		}
		if yes {
			containers = append(containers, thing{c.ID, strings.TrimPrefix(strings.Join(c.Names, ","), "/")})
		}
	}
	ns, err := e.docker.NetworkList(ctx, client.NetworkListOptions{Filters: ours("")})
	if err != nil {
		return done, fmt.Errorf("list the lab's networks: %w", err)
	}
	for _, n := range ns.Items {
		yes, err := choose(n.Labels)
		if err != nil {
			return done, err
		}
		if yes {
			networks = append(networks, thing{n.ID, n.Name})
		}
	}
	var first, second error
	done.Containers, first = each(ctx, containers, e.removeContainer)
	done.Networks, second = each(ctx, networks, e.removeNetwork)
	return done, errors.Join(first, second)
}

// each removes things in parallel and goes on after an error. It returns the sorted
// names of those that are gone.
func each(ctx context.Context, things []thing, remove func(context.Context, string) error) ([]string, error) {
	errs := make([]error, len(things))
	var g errgroup.Group
	g.SetLimit(removers)
	for i, t := range things {
		g.Go(func() error {
			if err := remove(ctx, t.id); err != nil {
				errs[i] = fmt.Errorf("remove %s: %w", t.name, err)
			}
			return nil
		})
	}
	_ = g.Wait()
	var gone []string
	for i, t := range things {
		if errs[i] == nil {
			gone = append(gone, t.name)
		}
	}
	slices.Sort(gone)
	return gone, errors.Join(errs...)
}

// removeContainer kills and removes a container with its volumes. A container that is gone
// is no error. If another process is removing it, removeContainer waits for that, because
// its network cannot be removed before.
func (e *Engine) removeContainer(ctx context.Context, id string) error {
	// A frozen one first: the daemon waits for ever for the end of processes that
	// cannot hear their signal, and holds the container's lock meanwhile. That one is
	// not frozen is no matter; what else is wrong, the removal says.
	_, _ = e.docker.ContainerUnpause(ctx, id, client.ContainerUnpauseOptions{})
	_, err := e.docker.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if errdefs.IsNotFound(err) {
		return nil
	}
	if errdefs.IsConflict(err) {
		return e.awaitRemoved(ctx, id)
	}
	return err
}

func (e *Engine) removeNetwork(ctx context.Context, id string) error {
	_, err := e.docker.NetworkRemove(ctx, id, client.NetworkRemoveOptions{})
	if errdefs.IsNotFound(err) {
		return nil
	}
	return err
}
