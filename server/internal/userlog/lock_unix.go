//go:build unix

package userlog

import (
	"os"
	"syscall"
)

// lock takes the lock of an open file, unless another process has it. It ends with the
// file's closing, and so with the process.
func lock(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
