package container

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// whereabouts are the boot of this machine and the namespace of its process ids.
func whereabouts() (boot, namespace string, err error) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", "", err
	}
	namespace, err = os.Readlink("/proc/self/ns/pid")
	return strings.TrimSpace(string(text)), namespace, err
}

// startOf is when a process started, in clock ticks after boot; empty when there is
// no such process. It is field 22 of its stat file, counted after the command's name
// in parentheses, which may itself hold parentheses and spaces.
func startOf(pid int) (string, error) {
	name := fmt.Sprintf("/proc/%d/stat", pid)
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	const field = 22 - 3
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) <= field {
		return "", fmt.Errorf("%s reads %q", name, text)
	}
	return fields[field], nil
}
