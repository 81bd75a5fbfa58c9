package chaos

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errPlanted = errors.New("planted failure")

// scripted is a Noop whose steps do what a test says and that keeps a journal.
type scripted struct {
	Noop
	on map[string]func(context.Context) error // by step

	mu      sync.Mutex
	journal []call
}

type call struct {
	Step string
	At   time.Duration
}

// zero is the start of the fake clock of every synctest bubble.
var zero = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func newScripted(name string) *scripted {
	return &scripted{Noop: Noop{As: name, On: "target"}, on: map[string]func(context.Context) error{}}
}

func (s *scripted) step(ctx context.Context, name string) error {
	s.mu.Lock()
	s.journal = append(s.journal, call{Step: name, At: time.Since(zero)})
	do := s.on[name]
	s.mu.Unlock()
	if do == nil {
		return nil
	}
	return do(ctx)
}

func (s *scripted) Inject(ctx context.Context) error      { return s.step(ctx, "inject") }
func (s *scripted) AwaitEffect(ctx context.Context) error { return s.step(ctx, "effect") }
func (s *scripted) Recover(ctx context.Context) error     { return s.step(ctx, "recover") }
func (s *scripted) AwaitHealed(ctx context.Context) error { return s.step(ctx, "healed") }

func (s *scripted) steps() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, c := range s.journal {
		names = append(names, c.Step)
	}
	return names
}

// after is a step that takes d, or ends with ctx.
func after(d time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// failing fails the first n calls and then succeeds.
func failing(n int) func(context.Context) error {
	var mu sync.Mutex
	return func(context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		if n--; n >= 0 {
			return errPlanted
		}
		return nil
	}
}

func panicking(context.Context) error { panic("planted panic") }

// lasting is a scripted fault with the promise of a minimum length.
type lasting struct {
	*scripted
	min time.Duration
}

func (l lasting) MinFor() time.Duration { return l.min }
