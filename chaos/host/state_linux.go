package host

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// attributes give a child its own process group and let it die with the harness.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

type procState int

const (
	gone procState = iota // no such process, or a zombie
	there
	halted
)

// stateOf reads the state of a process from /proc/PID/stat: the letter after the
// command's name in parentheses, which may itself hold parentheses and spaces.
func stateOf(pid int) (procState, error) {
	name := fmt.Sprintf("/proc/%d/stat", pid)
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return gone, nil
	}
	if err != nil {
		return gone, err
	}
	end := bytes.LastIndex(text, []byte(") "))
	if end < 0 || end+2 >= len(text) {
		return gone, fmt.Errorf("%s reads %q", name, text)
	}
	switch text[end+2] {
	case 'Z', 'X', 'x':
		return gone, nil
	case 'T', 't':
		return halted, nil
	default:
		return there, nil
	}
}
