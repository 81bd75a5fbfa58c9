package container

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"oalab/chaos"
)

// Line is one line of what Watch sees.
type Line struct {
	At   time.Time // when this process read it
	Life int       // which start of the host it belongs to, from 1
	Text string
	// End is true for the last of a life: the host went down, and Text says so.
	// Nothing is seen until the first line of the next life.
	End bool
}

// Watch runs a command inside that goes on for ever and tells each of its lines, of
// both streams, one call at a time, until ctx ends; that is no error. When the host
// goes down the watch breaks with a line that has End, and begins again with the
// host's next start; what the command saw before its start it does not print, so let
// it begin with the present state ("ip -br addr; exec ip monitor address"). A frozen
// host says nothing until it is thawed. A command that ends on a host that goes on is
// an error.
func (h *Host) Watch(ctx context.Context, each func(Line), command ...string) error {
	err := h.watch(ctx, each, command)
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}

// watch goes on until something fails, which the end of ctx is as well.
func (h *Host) watch(ctx context.Context, each func(Line), command []string) error {
	if err := h.awaitLife(ctx, 1); err != nil {
		return err
	}
	for {
		life := h.Starts()
		r, err := h.watchLife(ctx, life, each, command)
		if up := h.awaitEnd(ctx, life); up != nil {
			return errors.Join(fmt.Errorf("watch %s: %s ended: %w", h.spec.Name, strings.Join(command, " "), errors.Join(err, r.failed())), up)
		}
		each(Line{At: time.Now(), Life: life, Text: h.spec.Name + " is down", End: true})
		if err := h.awaitLife(ctx, life+1); err != nil {
			return err
		}
	}
}

// announced prints the process id of the command before it becomes the command. Otherwise
// the command could not be ended: the daemon has no call for that.
const announced = `echo $$; exec "$@"`

// watchLife watches until the command, the host or ctx ends.
func (h *Host) watchLife(ctx context.Context, life int, each func(Line), command []string) (Result, error) {
	pid := ""
	lines := &lineWriter{each: func(text string) {
		if pid == "" {
			pid = text
			return
		}
		each(Line{At: time.Now(), Life: life, Text: text})
	}}
	code, err := h.exec(ctx, lines, append([]string{"sh", "-c", announced, "oalab-watch"}, command...))
	if ctx.Err() != nil && pid != "" {
		h.endWatch(ctx, pid)
	}
	return Result{Code: code, Output: lines.last}, err
}

// watchGrace bounds the end of a command that was watched.
const watchGrace = 5 * time.Second

// endWatch ends the command of a watch. One that cannot be ended, in a host that is
// frozen or down, does no harm.
func (h *Host) endWatch(ctx context.Context, pid string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), chaos.Patient(ctx, watchGrace))
	defer cancel()
	if s, err := h.state(ctx); err != nil || !s.Running || s.Paused {
		return
	}
	if _, err := h.Exec(ctx, "kill", "-KILL", pid); err != nil {
		h.engine.log.WarnContext(ctx, "the command of a watch goes on", "host", h.spec.Name, "error", err)
	}
}

// awaitLife waits until the host was started n times.
func (h *Host) awaitLife(ctx context.Context, n int) error {
	return poll(ctx, h.spec.Name+" is started", func(context.Context) error {
		if got := h.Starts(); got < n {
			return fmt.Errorf("%d starts", got)
		}
		return nil
	})
}

// awaitEnd waits until a life is over; nil means that it is. The stream of a command
// ends a moment before the daemon says that the host is down.
func (h *Host) awaitEnd(ctx context.Context, life int) error {
	ctx, cancel := context.WithTimeout(ctx, chaos.Patient(ctx, watchGrace))
	defer cancel()
	return poll(ctx, h.spec.Name+" is down", func(ctx context.Context) error {
		if h.Starts() > life {
			return nil
		}
		up, err := h.Alive(ctx)
		if err == nil && up {
			err = errors.New("it runs")
		}
		return err
	})
}

// lineWriter calls each for every line that is written to it.
type lineWriter struct {
	each func(string)
	rest []byte
	last string
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	for {
		line, rest, ok := bytes.Cut(w.rest, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		w.rest, w.last = rest, strings.TrimSuffix(string(line), "\r")
		w.each(w.last)
	}
}
