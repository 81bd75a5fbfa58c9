package host

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"oalab/chaos"
)

// Kill sends SIGKILL to the process group and returns when the child is reaped.
func (p *Process) Kill(ctx context.Context) error {
	p.steps.Lock()
	defer p.steps.Unlock()
	return p.kill(ctx, p.living())
}

func (p *Process) kill(ctx context.Context, l *life) error {
	if l == nil {
		return nil
	}
	l.ask()
	if err := p.signal(l, syscall.SIGKILL); err != nil {
		return err
	}
	select {
	case <-l.over:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("kill %s: waiting for its end: %w", p.config.Name, ctx.Err())
	}
}

// Stop sends SIGTERM to the child and returns when it is reaped. After
// StopTimeout, or when ctx ends, it is killed and the error wraps ErrForced.
func (p *Process) Stop(ctx context.Context) error {
	p.steps.Lock()
	defer p.steps.Unlock()
	l := p.living()
	if l == nil {
		return nil
	}
	l.ask()
	// The child alone: it is for it to see to its own children. A frozen one
	// cannot hear, so it is thawed as well.
	err := l.tell(syscall.SIGTERM)
	if err == nil {
		err = p.signal(l, syscall.SIGCONT)
	}
	if err != nil {
		return fmt.Errorf("stop %s: %w", p.config.Name, err)
	}
	limit := chaos.Patient(ctx, p.config.StopTimeout)
	patience := time.NewTimer(limit)
	defer patience.Stop()
	why := fmt.Errorf("not gone after %v", limit)
	select {
	case <-l.over:
		return nil
	case <-patience.C:
	case <-ctx.Done():
		why = ctx.Err()
	}
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), chaos.Patient(ctx, killGrace))
	defer cancel()
	return fmt.Errorf("stop %s: %w: %w", p.config.Name, ErrForced, errors.Join(why, p.kill(detached, l)))
}

// Freeze sends SIGSTOP to the process group.
func (p *Process) Freeze(context.Context) error { return p.signal(p.living(), syscall.SIGSTOP) }

// Thaw sends SIGCONT to the process group.
func (p *Process) Thaw(context.Context) error { return p.signal(p.living(), syscall.SIGCONT) }

// signal reaches the whole process group of a life; none, or one that is just
// over, needs none.
func (p *Process) signal(l *life, s syscall.Signal) error {
	if l == nil || l.ended() {
		return nil
	}
	if err := syscall.Kill(-l.pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("signal %v to %s: %w", s, p.config.Name, err)
	}
	return nil
}

func (l *life) tell(s syscall.Signal) error {
	if err := syscall.Kill(l.pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

func (l *life) ask() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = true
}
