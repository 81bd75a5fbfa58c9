package host

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// box is a host that exists in memory only. What is done to it shows lag looks later,
// so that a fault which does not look itself is found out.
type box struct {
	addr netip.Addr
	lag  int

	mu    sync.Mutex
	looks int // left until what was done shows
	down  bool
	cuts  map[string]Link
	procs map[string][]int
	next  int // process id
	cpus  float64
	mib   int64
	full  map[string]bool
	fail  map[string]error // the error of a method, by name
	calls []string
}

func newBox() *box {
	return &box{
		addr: netip.MustParseAddr("198.18.0.11"), lag: 3, cuts: map[string]Link{},
		procs: map[string][]int{"nginx": {7, 8}}, next: 100, full: map[string]bool{}, fail: map[string]error{},
	}
}

// do notes a call that changes something, and is its planted error.
func (b *box) do(what string, change func()) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = append(b.calls, what)
	if err := b.fail[what]; err != nil {
		return err
	}
	b.looks = b.lag
	change()
	return nil
}

var errNotYet = errors.New("it does not show yet")

// look is an observation: an error until what was done shows.
func (b *box) look() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.looks > 0 {
		b.looks--
		return errNotYet
	}
	return nil
}

func (b *box) Kill(context.Context) error   { return b.do("kill", func() { b.down = true }) }
func (b *box) Stop(context.Context) error   { return b.do("stop", func() { b.down = true }) }
func (b *box) Freeze(context.Context) error { return b.do("freeze", func() {}) }
func (b *box) Thaw(context.Context) error   { return b.do("thaw", func() {}) }
func (b *box) Start(context.Context) error  { return b.do("start", func() { b.down = false }) }
func (b *box) Addr() netip.Addr             { return b.addr }

func (b *box) Alive(context.Context) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.down, nil
}

func (b *box) Ready(context.Context) error {
	if err := b.look(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.down {
		return ErrDown
	}
	return nil
}

func (b *box) Cut(_ context.Context, name string, l Link) error {
	return b.do("cut", func() { b.cuts[name] = l })
}

func (b *box) Join(_ context.Context, name string) error {
	return b.do("join", func() { delete(b.cuts, name) })
}

func (b *box) Reach(context.Context, netip.Addr) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	is := len(b.cuts) == 0 && !b.down
	if b.looks > 0 { // what was before
		b.looks--
		return !is, nil
	}
	return is, nil
}

func (b *box) Pids(_ context.Context, process string) ([]int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.looks > 0 && len(b.procs[process]) == 0 {
		b.looks--
		return []int{7, 8}, nil
	}
	return b.procs[process], nil
}

func (b *box) Signal(_ context.Context, signal, process string) error {
	return b.do("signal "+signal, func() {
		if signal == "KILL" {
			b.procs[process] = nil
		}
	})
}

func (b *box) Run(_ context.Context, command ...string) error {
	return b.do("run", func() {
		b.next++
		b.procs[command[0]] = []int{b.next}
	})
}

func (b *box) LimitCPU(_ context.Context, cpus float64) error {
	return b.do(fmt.Sprintf("cpu %g", cpus), func() { b.cpus = cpus })
}

func (b *box) LimitMemory(_ context.Context, mib int64) error {
	return b.do(fmt.Sprintf("memory %d", mib), func() { b.mib = mib })
}

func (b *box) CPULimit(context.Context) (float64, error) {
	if b.look() != nil {
		return 99, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.cpus, nil
}

func (b *box) MemoryLimit(context.Context) (int64, error) {
	if b.look() != nil {
		return 99, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.mib, nil
}

func (b *box) Fill(_ context.Context, dir string) error {
	return b.do("fill", func() { b.full[dir] = true })
}

func (b *box) Free(_ context.Context, dir string) error {
	return b.do("free", func() { delete(b.full, dir) })
}

func (b *box) Full(_ context.Context, dir string) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.looks > 0 {
		b.looks--
		return !b.full[dir], nil
	}
	return b.full[dir], nil
}

// set changes the box from outside, as its own programs would.
func (b *box) set(change func(*box)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b)
}

// short ends a wait that never comes true.
func short(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 100*time.Millisecond)
}
