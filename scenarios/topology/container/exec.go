package container

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"
)

// Result is what a command inside a host left.
type Result struct {
	Output string // both streams, as they came
	Code   int    // exit status; 128 + n after signal n
}

// Exec runs a command inside, as root, and returns when its output has ended. An exit
// status other than 0 is no error. When ctx ends the command is left to itself. A
// daemon that it starts must not keep its output; see Run.
func (h *Host) Exec(ctx context.Context, command ...string) (Result, error) {
	var out bytes.Buffer
	code, err := h.exec(ctx, &out, command)
	return Result{Output: out.String(), Code: code}, err
}

// exec streams the output of a command to w and returns its exit status.
func (h *Host) exec(ctx context.Context, w io.Writer, command []string) (int, error) {
	fail := func(err error) (int, error) {
		return -1, fmt.Errorf("run %s in %s: %w", strings.Join(command, " "), h.spec.Name, err)
	}
	made, err := h.engine.docker.ExecCreate(ctx, h.id, client.ExecCreateOptions{
		User: "root", AttachStdout: true, AttachStderr: true, Cmd: command,
	})
	if err != nil {
		return fail(err)
	}
	stream, err := h.engine.docker.ExecAttach(ctx, made.ID, client.ExecAttachOptions{})
	if err != nil {
		return fail(err)
	}
	defer stream.Close()
	stop := context.AfterFunc(ctx, stream.Close)
	_, err = stdcopy.StdCopy(w, w, stream.Reader)
	if !stop() { // the stream was closed under it
		return fail(context.Cause(ctx))
	}
	if err != nil {
		return fail(err)
	}
	end, err := h.engine.docker.ExecInspect(ctx, made.ID, client.ExecInspectOptions{})
	if err != nil {
		return fail(err)
	}
	return end.ExitCode, nil
}

// quietly runs a command with its output in a file: a daemon that it leaves keeps the
// file open and not the stream, whose end would never come.
const quietly = `out=$(mktemp) || exit 1; "$@" >"$out" 2>&1 </dev/null; code=$?; ` +
	`[ $code = 0 ] || tail -c 2000 "$out"; rm -f "$out"; exit $code`

// Run runs a command inside and returns when it has ended, also if it leaves daemons; an
// exit status other than 0 is an error with its output.
func (h *Host) Run(ctx context.Context, command ...string) error {
	r, err := h.Exec(ctx, append([]string{"sh", "-c", quietly, "oalab-run"}, command...)...)
	if err == nil && r.Code != 0 {
		err = fmt.Errorf("run %s in %s: exit status %d: %s", strings.Join(command, " "), h.spec.Name, r.Code, strings.TrimSpace(r.Output))
	}
	return err
}

// script runs a shell script with arguments inside and returns what it prints.
func (h *Host) script(ctx context.Context, text string, args ...string) (Result, error) {
	return h.Exec(ctx, append([]string{"sh", "-c", text, "oalab-script"}, args...)...)
}

// failed makes an error of a result that should have been 0.
func (r Result) failed() error {
	return errors.New(strings.TrimSpace(fmt.Sprintf("exit status %d: %s", r.Code, r.Output)))
}
