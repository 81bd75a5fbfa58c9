package host

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// ErrForced is wrapped by the error of a Stop that had to kill.
var ErrForced = errors.New("had to be killed")

// killGrace bounds the wait for the end of a killed process that Stop forced down.
const killGrace = 5 * time.Second

// Exit is how one life of a Process ended.
type Exit struct {
	At     time.Time
	Code   int    // exit status, -1 after a signal
	Signal string // name of the signal that ended it, empty if it ended itself
	// Asked is true when Kill or Stop was called before: the end was wanted.
	Asked bool
}

// String says it as a message would.
func (e Exit) String() string {
	if e.Signal != "" {
		return "ended by signal " + e.Signal
	}
	return fmt.Sprintf("exit status %d", e.Code)
}

// Process is a child process under control: it has a process group of its own,
// so that a terminal's Ctrl-C reaches the harness alone, and on Linux it dies with
// the harness. It may be started again any number of times. Safe for concurrent use.
type Process struct {
	config Config
	client *http.Client

	steps sync.Mutex // one of Start, Kill, Stop at a time

	mu     sync.Mutex
	life   *life // the present or last life, nil before the first Start
	starts int
}

// life is the child from one Start to its end.
type life struct {
	pid  int
	over chan struct{} // closed when it is reaped

	mu    sync.Mutex
	asked bool
	exit  Exit
}

var (
	_ Controller = (*Process)(nil)
	_ Freezer    = (*Process)(nil)
)

// NewProcess returns a process that is not started yet.
func NewProcess(c Config) (*Process, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	return &Process{
		config: c.withDefaults(),
		// A connection of its own for each look: a pooled one tells of the past.
		client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	}, nil
}

// Start starts it unless it is alive. It returns when the binary runs, not when
// it is ready; see WaitReady.
func (p *Process) Start(ctx context.Context) error {
	p.steps.Lock()
	defer p.steps.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.living() != nil {
		return nil
	}
	log, err := os.OpenFile(p.config.LogPath, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("start %s: its log: %w", p.config.Name, err)
	}
	defer log.Close() // the child has its own descriptor by then
	if _, err := fmt.Fprintf(log, "=== start %d of %s at %s\n", p.Starts()+1, p.config.Name, time.Now().Format(time.RFC3339Nano)); err != nil {
		return fmt.Errorf("start %s: its log: %w", p.config.Name, err)
	}
	// Not bound to ctx: the child outlives the step that starts it.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), p.config.Path, p.config.Args...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = p.config.Env, p.config.Dir, log, log
	cmd.SysProcAttr = attributes()

	l := &life{over: make(chan struct{})}
	started := make(chan error)
	go l.run(cmd, started)
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", p.config.Name, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.life = l
	p.starts++
	return nil
}

// run starts the child and reaps it. The kernel sends the parent-death signal at
// the end of the thread that started the child, so that thread is kept until then.
func (l *life) run(cmd *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		started <- err
		return
	}
	l.pid = cmd.Process.Pid
	started <- nil
	_ = cmd.Wait() // an error only says how it ended, as the state does
	e := Exit{At: time.Now(), Code: cmd.ProcessState.ExitCode()}
	if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && s.Signaled() {
		e.Signal = s.Signal().String()
	}
	l.mu.Lock()
	e.Asked = l.asked
	l.exit = e
	l.mu.Unlock()
	close(l.over)
}

// living is the present life, nil if there is none.
func (p *Process) living() *life {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life == nil || p.life.ended() {
		return nil
	}
	return p.life
}

func (l *life) ended() bool {
	select {
	case <-l.over:
		return true
	default:
		return false
	}
}

// Pid is the process id of the present life, 0 if there is none.
func (p *Process) Pid() int {
	if l := p.living(); l != nil {
		return l.pid
	}
	return 0
}

// Starts is how often it was started.
func (p *Process) Starts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.starts
}

// Exited is closed when the present life, or the last one, is over; nil before
// the first Start.
func (p *Process) Exited() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life == nil {
		return nil
	}
	return p.life.over
}

// Exit is how the last life ended; false while it is alive or was never started.
func (p *Process) Exit() (Exit, bool) {
	p.mu.Lock()
	l := p.life
	p.mu.Unlock()
	if l == nil || !l.ended() {
		return Exit{}, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.exit, true
}
