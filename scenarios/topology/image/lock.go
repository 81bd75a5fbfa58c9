package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// lockName is the file in the temporary folder that builders of one machine lock.
const lockName = "oalab-images.lock"

// lockPoll is how often a waiting builder looks whether the other one is done.
const lockPoll = 100 * time.Millisecond

// lock keeps other processes from building at the same time. Otherwise each would do the
// same work, more slowly. waiting is called when another process has the lock. The kernel
// unlocks when the process ends, also when it is killed.
func lock(ctx context.Context, waiting func()) (unlock func(), err error) {
	path := filepath.Join(os.TempDir(), lockName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("open the lock for building images: %w", err)
	}
	ticker := time.NewTicker(lockPoll)
	defer ticker.Stop()
	for first := true; ; first = false {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if first {
			waiting()
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("waiting for another process that builds images (lock %s): %w", path, context.Cause(ctx))
		case <-ticker.C:
		}
	}
}
