package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a running peer.
type process struct {
	name, addr string
	cmd        *exec.Cmd
	log        bytes.Buffer
	ended      chan error
	pushes     *pushes
}

// startWithin bounds the start of a peer, its tables included.
const startWithin = 60 * time.Second

// start starts a server with further environment, and waits until it answers. Where there
// are two processors and taskset, the server has the first one for itself and one thread
// that runs Go.
func start(ctx context.Context, name, addr, program string, args, env []string) (*process, error) {
	if taskset, err := exec.LookPath("taskset"); err == nil && runtime.GOOS == "linux" && len(processors()) > 1 {
		args = append([]string{"-c", "0", program}, args...)
		program = taskset
		env = append(env, "GOMAXPROCS=1")
	}
	p := &process{name: name, addr: addr, ended: make(chan error, 1)}
	p.cmd = exec.CommandContext(ctx, program, args...)
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = 10 * time.Second
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.ended <- p.cmd.Wait() }()
	var err error
	if p.pushes, err = newPushes(addr, time.Now().UnixNano()); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	if err := p.ready(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), p.stop())
	}
	return p, nil
}

// processors are those that this machine has; this process may use fewer.
func processors() []string {
	list, err := filepath.Glob("/sys/devices/system/cpu/cpu[0-9]*")
	if err != nil {
		return nil
	}
	return list
}

// ready waits until the server answers.
func (p *process) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.addr+"/healthz", http.NoBody)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(r)
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-p.ended:
			p.ended <- err
			return fmt.Errorf("it ended (%w):\n%s", err, p.log.Bytes())
		case <-ctx.Done():
			return fmt.Errorf("it is not ready: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop ends the process.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
		return p.cmd.Process.Kill()
	}
	return nil
}

// cpu is the processor time that the process has used, by the scheduler's count of each of
// its threads. Clock ticks would be too coarse.
func (p *process) cpu() (time.Duration, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // the thread has ended
		}
		first, _, _ := strings.Cut(string(text), " ")
		ns, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		sum += time.Duration(ns)
	}
	return sum, nil
}

// freeAddr is an address of this machine that is free now.
func freeAddr(ctx context.Context) (string, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
