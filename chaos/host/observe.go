package host

import (
	"context"
	"fmt"
	"net/http"

	"oalab/chaos"
)

// Alive reports whether the child exists. One that has ended but is not reaped
// yet (a zombie) does not.
func (p *Process) Alive(context.Context) (bool, error) {
	l := p.living()
	if l == nil {
		return false, nil
	}
	s, err := stateOf(l.pid)
	if err != nil {
		return false, fmt.Errorf("look at %s: %w", p.config.Name, err)
	}
	return !l.ended() && s != gone, nil
}

// Frozen reports whether the child exists and is halted by a signal.
func (p *Process) Frozen(context.Context) (bool, error) {
	l := p.living()
	if l == nil {
		return false, nil
	}
	s, err := stateOf(l.pid)
	if err != nil {
		return false, fmt.Errorf("look at %s: %w", p.config.Name, err)
	}
	return s == halted, nil
}

// Ready asks ReadyURL once, within ReadyTimeout; a status other than 2xx is an error.
func (p *Process) Ready(ctx context.Context) error {
	if err := p.here(); err != nil {
		return err
	}
	if p.config.ReadyURL == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, chaos.Patient(ctx, p.config.ReadyTimeout))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.config.ReadyURL, nil)
	if err != nil {
		return fmt.Errorf("ask whether %s is ready: %w", p.config.Name, err)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return fmt.Errorf("ask whether %s is ready: %w", p.config.Name, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s is not ready: %s from %s", p.config.Name, resp.Status, p.config.ReadyURL)
	}
	// The port may be another's: an answer counts only while the child lives.
	return p.here()
}

// here is nil while the child lives and otherwise says how it ended.
func (p *Process) here() error {
	if e, ok := p.Exit(); ok {
		return fmt.Errorf("%s: %w: %v; its log is %s", p.config.Name, ErrDown, e, p.config.LogPath)
	}
	if p.living() == nil {
		return fmt.Errorf("%s: %w: it was never started", p.config.Name, ErrDown)
	}
	return nil
}

// WaitReady asks until the process is ready. It gives up when ctx ends, with the
// last answer, and at once when the process ends.
func (p *Process) WaitReady(ctx context.Context) error {
	if err := p.here(); err != nil {
		return err
	}
	alive, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := make(chan struct{})
	defer close(stop)
	over := p.Exited()
	go func() {
		select {
		case <-over:
			cancel()
		case <-stop:
		}
	}()
	err := poll(alive, "ready", p.Ready)
	if err != nil && ctx.Err() == nil {
		if gone := p.here(); gone != nil {
			return gone
		}
	}
	return err
}
