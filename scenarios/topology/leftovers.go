package topology

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// workPrefix begins the name of every work folder; the process that made it follows.
const workPrefix = "oalab-embedded-"

// workFolder makes the folder for configuration and data of the server. It holds
// secrets, so it lies outside the run folder, and what a killed harness left of its
// own is removed first.
func workFolder() (string, error) {
	old, err := filepath.Glob(filepath.Join(os.TempDir(), workPrefix+"*"))
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
	dir, err := os.MkdirTemp("", fmt.Sprintf("%s%d-", workPrefix, os.Getpid()))
	if err != nil {
		return "", fmt.Errorf("make a folder for the server's data: %w", err)
	}
	return dir, nil
}

// abandoned reports whether the process that made a work folder is gone.
func abandoned(name string) bool {
	maker, _, _ := strings.Cut(strings.TrimPrefix(name, workPrefix), "-")
	pid, err := strconv.Atoi(maker)
	if err != nil || pid <= 0 {
		return false // not ours to judge
	}
	return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
