package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"oalab/chaos"
)

// recorded reports whether the output of the present life is being recorded. It is not
// when a start was given up before the daemon's answer came.
func (h *Host) recorded() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over == nil {
		return false
	}
	select {
	case <-h.over:
		return false
	default:
		return true
	}
}

// start starts the container, unless it runs, and a recorder of its output. The
// recorder is there first, so that nothing is missed and nothing comes twice.
func (h *Host) start(ctx context.Context, runs bool) error {
	log, err := h.openLog()
	if err != nil {
		return fmt.Errorf("start %s: its log: %w", h.spec.Name, err)
	}
	out, err := h.engine.docker.ContainerAttach(ctx, h.id, client.ContainerAttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		return errors.Join(fmt.Errorf("start %s: record its output: %w", h.spec.Name, err), log.Close())
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		defer out.Close()
		_, err := stdcopy.StdCopy(log, log, out.Reader)
		if err := errors.Join(err, log.Close()); err != nil {
			h.engine.log.Warn("the output of a host is not recorded to its end", "host", h.spec.Name, "error", err)
		}
	}()
	if !runs {
		if _, err := h.engine.docker.ContainerStart(ctx, h.id, client.ContainerStartOptions{}); err != nil {
			out.Close()
			<-over
			return fmt.Errorf("start %s: %w", h.spec.Name, err)
		}
	}
	h.mu.Lock()
	h.over = over
	h.starts++
	cut := len(h.cuts) > 0
	h.mu.Unlock()
	if cut {
		return h.awaitCut(ctx)
	}
	return nil
}

// openLog opens the file for the output of the next life.
func (h *Host) openLog() (io.WriteCloser, error) {
	if h.spec.LogPath == "" {
		return nowhere{io.Discard}, nil
	}
	f, err := os.OpenFile(h.spec.LogPath, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(f, "=== start %d of %s at %s\n", h.Starts()+1, h.spec.Name, time.Now().Format(time.RFC3339Nano)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

type nowhere struct{ io.Writer }

func (nowhere) Close() error { return nil }

// outputGrace bounds the wait for the last output of a host that is down. A process
// that left the container with an open descriptor could keep it for ever.
const outputGrace = 5 * time.Second

// awaitOutput waits until all output of a host that is down is in its log.
func (h *Host) awaitOutput(ctx context.Context) error {
	h.mu.Lock()
	over := h.over
	h.mu.Unlock()
	if over == nil {
		return nil
	}
	grace := chaos.Patient(ctx, outputGrace)
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case <-over:
		return nil
	case <-late.C:
		return fmt.Errorf("%s is down, but its output did not end within %v", h.spec.Name, grace)
	case <-ctx.Done():
		return fmt.Errorf("waiting for the last output of %s: %w", h.spec.Name, context.Cause(ctx))
	}
}
