//go:build unix && !linux

package host

import (
	"context"
	"errors"
	"os/exec"
	"strconv"
	"syscall"
)

// attributes give a child its own process group. Without a parent-death signal
// it outlives a harness that is killed.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

type procState int

const (
	gone procState = iota // no such process, or a zombie
	there
	halted
)

// stateOf asks ps for the state letter of a process.
func stateOf(pid int) (procState, error) {
	text, err := exec.CommandContext(context.Background(), "ps", "-o", "state=", "-p", strconv.Itoa(pid)).Output()
	if _, ok := errors.AsType[*exec.ExitError](err); ok || (err == nil && len(text) == 0) {
		return gone, nil
	}
	if err != nil {
		return gone, err
	}
	switch text[0] {
	case 'Z':
		return gone, nil
	case 'T':
		return halted, nil
	default:
		return there, nil
	}
}
