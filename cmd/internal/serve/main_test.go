package serve

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"oalab/cmd/internal/exit"
	"oalab/cmd/internal/proc"
)

// asProgram makes this test binary the program that serves: its arguments are the server's
// binary and the seed file, which may be empty.
const asProgram = "OALAB_SERVE_TEST"

// anywhere listens on free ports.
func anywhere() Addresses {
	var a Addresses
	for _, one := range a.Each() {
		*one.Value = "127.0.0.1:0"
	}
	return a
}

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "" {
		status := m.Run()
		if built != "" {
			_ = os.RemoveAll(built)
		}
		os.Exit(status)
	}
	os.Exit(proc.Run(context.Background(), proc.Real(), func(ctx context.Context, p proc.Proc) int {
		err := Run(ctx, Options{Oaserver: p.Args[0], Seed: p.Args[1], At: anywhere(), Say: func(line string) { _, _ = fmt.Fprintln(p.Stdout, line) }})
		if err != nil {
			_, _ = fmt.Fprintln(p.Stderr, err)
			return exit.Usage
		}
		return exit.OK
	}))
}

// built is the folder of the server's binary, once that is built.
var built string

// oaserver is the server's binary, built for these tests.
var oaserver = sync.OnceValues(func() (path string, err error) {
	if built, err = os.MkdirTemp("", "oaserver-"); err != nil {
		return "", err
	}
	path = filepath.Join(built, "oaserver")
	build := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-o", path, "oalab/cmd/oaserver")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build oaserver: %w: %s", err, out)
	}
	return path, nil
})

func server(t *testing.T) string {
	t.Helper()
	path, err := oaserver()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// program is one run of the program that serves.
type program struct {
	t     *testing.T
	cmd   *exec.Cmd
	tmp   string // its temporary files
	lines chan string
	said  []string // until now
	phone string   // URL of the page
	ended chan error
}

// patience bounds what takes seconds on a busy machine.
const patience = 2 * time.Minute

// begin starts the program and waits until it is ready.
func begin(t *testing.T, seedFile string) *program {
	t.Helper()
	p := &program{t: t, tmp: t.TempDir(), lines: make(chan string, 256), ended: make(chan error, 1)}
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd = exec.CommandContext(t.Context(), own, server(t), seedFile)
	p.cmd.Env = append(os.Environ(), asProgram+"=1", "TMPDIR="+p.tmp)
	reader, writer := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = writer, writer
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.lines)
		for in := bufio.NewScanner(reader); in.Scan(); {
			p.lines <- in.Text()
		}
	}()
	go func() {
		err := p.cmd.Wait()
		_ = writer.Close()
		p.ended <- err
	}()
	t.Cleanup(func() { _ = p.cmd.Process.Signal(os.Interrupt) })
	p.phone = strings.Fields(p.says("  phone "))[1]
	p.says("  logs ")
	return p
}

// says waits for a line with a text.
func (p *program) says(text string) string {
	p.t.Helper()
	late := time.After(patience)
	for {
		select {
		case line, more := <-p.lines:
			if !more {
				p.t.Fatalf("it ended without %q; it said:\n%s", text, strings.Join(p.said, "\n"))
			}
			p.said = append(p.said, line)
			if strings.Contains(line, text) {
				return line
			}
		case <-late:
			p.t.Fatalf("it never said %q, but:\n%s", text, strings.Join(p.said, "\n"))
		}
	}
}

// end waits until it has ended, and returns its exit status and all that it said.
func (p *program) end() (int, string) {
	p.t.Helper()
	late := time.After(patience)
	for {
		select {
		case line, more := <-p.lines:
			if more {
				p.said = append(p.said, line)
				continue
			}
			if err, exit := <-p.ended, (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
				p.t.Fatal(err)
			}
			return p.cmd.ProcessState.ExitCode(), strings.Join(p.said, "\n")
		case <-late:
			p.t.Fatalf("it has not ended; it said:\n%s", strings.Join(p.said, "\n"))
		}
	}
}

// children are the processes that it has started and that live.
func (p *program) children() (all []int) {
	p.t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(stats) == 0 {
		p.t.Skip("SKIPPED: there is no /proc here to find the server's process in")
	}
	for _, name := range stats {
		content, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		rest := string(content[strings.LastIndexByte(string(content), ')')+1:])
		if fields := strings.Fields(rest); len(fields) > 1 && fields[1] == strconv.Itoa(p.cmd.Process.Pid) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
			if err != nil {
				p.t.Fatal(err)
			}
			all = append(all, pid)
		}
	}
	return all
}

var addresses = regexp.MustCompile(`http://(127\.0\.0\.1:\d+)`)

// leavesNothing holds that neither processes nor ports nor files of a program that has ended
// are left.
func (p *program) leavesNothing(children []int) {
	p.t.Helper()
	for _, pid := range children {
		if err := syscall.Kill(pid, 0); err == nil {
			p.t.Errorf("process %d is left", pid)
		}
	}
	var ports []string
	for _, m := range addresses.FindAllStringSubmatch(strings.Join(p.said, "\n"), -1) {
		ports = append(ports, m[1])
	}
	ports = slices.Compact(slices.Sorted(slices.Values(ports)))
	if len(ports) != 5 {
		p.t.Errorf("it named the addresses %v, want 5", ports)
	}
	for _, address := range ports {
		var lc net.ListenConfig
		l, err := lc.Listen(p.t.Context(), "tcp", address)
		if err != nil {
			p.t.Errorf("its port is left: %v", err)
			continue
		}
		_ = l.Close()
	}
	left, err := os.ReadDir(p.tmp)
	if err != nil || len(left) > 0 {
		p.t.Errorf("its temporary files are left: %v, %v", left, err)
	}
}
