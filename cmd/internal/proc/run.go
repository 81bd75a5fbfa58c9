package proc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"oalab/cmd/internal/exit"
)

// ErrInterrupted is the cause of a context that Run cancelled because of a
// signal. The cause names the signal too.
var ErrInterrupted = errors.New("interrupted")

// Interrupted reports whether ctx ended because the process got a signal.
func Interrupted(ctx context.Context) bool {
	return errors.Is(context.Cause(ctx), ErrInterrupted)
}

// oneInterrupt is how long after the first signal another one still counts as the
// same: timeout(1) signals its child and then the group of both, and a terminal
// may reach a program twice through its parents.
const oneInterrupt = 500 * time.Millisecond

// Run runs body with the two-stage interrupt and returns the exit status. The
// first SIGINT or SIGTERM cancels body's context with ErrInterrupted as cause;
// body then heals, writes what it has and returns its own status. A second
// signal makes Run return exit.Interrupted at once and leave body behind, so a
// main must call os.Exit with the result. A main is
//
//	func main() { os.Exit(proc.Run(context.Background(), proc.Real(), run)) }
func Run(ctx context.Context, p Proc, body func(context.Context, Proc) int) int {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	var signals <-chan os.Signal
	if p.Notify != nil {
		c, stop := p.Notify(os.Interrupt, syscall.SIGTERM)
		defer stop()
		signals = c
	}

	done := make(chan int, 1)
	go func() { done <- body(ctx, p) }()

	var first time.Time // of the first signal; zero: none yet
	for {
		select {
		case status := <-done:
			return status
		case sig := <-signals:
			switch {
			case first.IsZero():
				first = time.Now()
				cancel(fmt.Errorf("%w by %s", ErrInterrupted, sig))
			case time.Since(first) >= oneInterrupt:
				return exit.Interrupted
			}
		}
	}
}
