package container

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// pollEvery is the pause between two looks at a container; a look costs the daemon
// about a millisecond.
const pollEvery = 20 * time.Millisecond

// poll looks until look returns nil or ctx ends; then it returns what it last saw.
// An error that wraps errFinal ends it at once.
func poll(ctx context.Context, what string, look func(context.Context) error) error {
	var last error
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := look(ctx)
		if err == nil || errors.Is(err, errFinal) {
			return err
		}
		if ctx.Err() == nil || last == nil {
			last = err // an observation that ctx cut off says less than the one before
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s: %w; last seen: %w", what, context.Cause(ctx), last)
		}
	}
}

// errFinal marks an observation after which looking again is in vain.
var errFinal = errors.New("it will not come")

// awaitRemoved waits until a removal that another process has begun is done.
func (e *Engine) awaitRemoved(ctx context.Context, id string) error {
	return poll(ctx, "it is removed", func(ctx context.Context) error {
		_, err := e.docker.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
		if errdefs.IsNotFound(err) {
			return nil
		}
		if err == nil {
			err = errors.New("it is still there")
		}
		return err
	})
}

// awaitDown waits until a container does not run.
func (e *Engine) awaitDown(ctx context.Context, id string) error {
	w := e.docker.ContainerWait(ctx, id, client.ContainerWaitOptions{Condition: container.WaitConditionNotRunning})
	select {
	case <-w.Result:
		return nil
	case err := <-w.Error:
		return err
	}
}
