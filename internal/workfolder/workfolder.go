// Package workfolder owns the temporary folders in which a system under test keeps its
// configuration and data: it makes them, and removes those that a killed process left.
package workfolder

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// prefix begins the name of every work folder; the process that made it follows.
const prefix = "oalab-work-"

// Make makes a folder for configuration and data of a server. It holds secrets, so it lies
// outside the run folder. What killed processes left of theirs is removed first. The caller
// removes the folder.
func Make() (string, error) {
	old, err := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	if err != nil {
		return "", fmt.Errorf("look for left-over data: %w", err)
	}
	for _, dir := range old {
		if abandoned(filepath.Base(dir)) {
			if err := os.RemoveAll(dir); err != nil {
				return "", fmt.Errorf("remove left-over data: %w", err)
			}
		}
	}
	dir, err := os.MkdirTemp("", fmt.Sprintf("%s%d-", prefix, os.Getpid()))
	if err != nil {
		return "", fmt.Errorf("make a folder for the server's data: %w", err)
	}
	return dir, nil
}

// abandoned reports whether the process that made a work folder is gone.
func abandoned(name string) bool {
	maker, _, _ := strings.Cut(strings.TrimPrefix(name, prefix), "-")
	pid, err := strconv.Atoi(maker)
	if err != nil || pid <= 0 {
		return false // not ours to judge
	}
	return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
