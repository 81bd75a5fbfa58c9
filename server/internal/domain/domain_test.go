package domain_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"oalab/server/internal/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errUnknown = errors.New("no such account")

func open(t *testing.T, cfg domain.Config[string]) *domain.Container[string] {
	t.Helper()
	c, err := domain.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func get(t *testing.T, c *domain.Container[string], account string) string {
	t.Helper()
	v, err := c.Get(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestADomainIsLoadedOnce: callers at once wait for one load, an error is not kept, and a
// caller leaves with its context.
func TestADomainIsLoadedOnce(t *testing.T) {
	t.Parallel()
	var loads atomic.Int32
	open := open(t, domain.Config[string]{Capacity: 10, Load: func(_ context.Context, account string) (string, error) {
		if loads.Add(1); strings.HasPrefix(account, "x") {
			return "", errUnknown
		}
		return "of " + account, nil
	}})
	if n := open.Len(); n != 0 {
		t.Errorf("%d domains before the first was asked for", n)
	}
	var together sync.WaitGroup
	for range 50 {
		together.Go(func() {
			if v, err := open.Get(t.Context(), "a"); v != "of a" || err != nil {
				t.Errorf("%q, %v", v, err)
			}
		})
	}
	together.Wait()
	if n := loads.Load(); n != 1 {
		t.Errorf("%d loads for one domain", n)
	}
	for range 2 {
		if _, err := open.Get(t.Context(), "x"); !errors.Is(err, errUnknown) {
			t.Errorf("%v", err)
		}
	}
	if n := loads.Load(); n != 3 || open.Len() != 1 {
		t.Errorf("%d loads, %d domains: an error was kept", n, open.Len())
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	hang := make(chan struct{})
	defer close(hang)
	slow := openSlow(t, hang)
	if _, err := slow.Get(ended, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that leaves: %v", err)
	}
}

func openSlow(t *testing.T, hang chan struct{}) *domain.Container[string] {
	t.Helper()
	return open(t, domain.Config[string]{Capacity: 1, Load: func(context.Context, string) (string, error) { <-hang; return "", nil }})
}

// TestCapacityHolds: beyond the capacity those leave that were not asked for lately; pinned
// and busy ones stay.
func TestCapacityHolds(t *testing.T) {
	t.Parallel()
	var gone []string
	busy := ""
	c := open(t, domain.Config[string]{
		Capacity: 3,
		Load:     func(_ context.Context, account string) (string, error) { return account, nil },
		Busy:     func(v string) bool { return v == busy },
		Evicted:  func(v string) { gone = append(gone, v) },
	})
	c.Pin("pinned", "for ever")
	for _, account := range []string{"a", "b", "c"} {
		get(t, c, account)
	}
	get(t, c, "a")
	get(t, c, "c")
	if get(t, c, "d"); !slices.Equal(gone, []string{"b"}) || c.Len() != 4 || c.Evictions() != 1 {
		t.Errorf("evicted %v, %d domains, %d evictions; want b, which was not asked for again", gone, c.Len(), c.Evictions())
	}
	if _, ok := c.Peek("b"); ok {
		t.Error("an evicted domain is in memory")
	}
	if v, ok := c.Peek("pinned"); !ok || v != "for ever" || get(t, c, "pinned") != v {
		t.Errorf("the pinned domain is %q", v)
	}
	busy = "d"
	for i := range 100 {
		get(t, c, fmt.Sprint(i))
	}
	if _, ok := c.Peek("d"); !ok || c.Len() != 4 {
		t.Errorf("busy d is there: %t; %d domains", ok, c.Len())
	}
	// Where all are busy the next one is taken in beside.
	busy = "e"
	all := open(t, domain.Config[string]{Capacity: 1, Load: func(context.Context, string) (string, error) { return "e", nil }, Busy: func(string) bool { return true }})
	get(t, all, "e")
	if get(t, all, "f"); all.Len() != 2 {
		t.Errorf("%d domains, all busy", all.Len())
	}
}

// TestDropAndRenew: what leaves is loaded anew, and a load from before Renew is not kept.
func TestDropAndRenew(t *testing.T) {
	t.Parallel()
	var loads atomic.Int32
	began, held := make(chan struct{}), make(chan struct{})
	c := open(t, domain.Config[string]{Capacity: 9, Load: func(_ context.Context, account string) (string, error) {
		n := loads.Add(1)
		if account == "slow" && n == 1 {
			close(began)
			<-held
		}
		return fmt.Sprint(account, n), nil
	}})
	c.Pin("pinned", "p")
	var early sync.WaitGroup
	early.Go(func() {
		if v, err := c.Get(t.Context(), "slow"); v != "slow1" || err != nil {
			t.Errorf("%q, %v", v, err)
		}
	})
	<-began
	c.Renew()
	if v := get(t, c, "slow"); v != "slow2" {
		t.Errorf("after Renew: %q, of a load that had begun before", v)
	}
	close(held)
	early.Wait()
	if v := get(t, c, "slow"); v != "slow2" {
		t.Errorf("%q: the late load replaced the newer one", v)
	}
	c.Drop("slow", func(string) bool { return false })
	if _, ok := c.Peek("slow"); !ok {
		t.Error("dropped, though it may not")
	}
	c.Drop("slow", nil)
	c.Drop("pinned", nil)
	c.Drop("stranger", nil)
	if v := get(t, c, "slow"); v != "slow3" || c.Len() != 2 {
		t.Errorf("%q, %d domains", v, c.Len())
	}
	if !c.Replace("slow", "s") || c.Replace("stranger", "x") {
		t.Error("what is in memory is replaced, and nothing else")
	}
	if got := slices.Sorted(c.All()); !slices.Equal(got, []string{"p", "s"}) {
		t.Errorf("all: %v", got)
	}
}

// TestNewRefusesMissingBounds: a container without a capacity or a load is not made.
func TestNewRefusesMissingBounds(t *testing.T) {
	t.Parallel()
	if _, err := domain.New(domain.Config[int]{Capacity: 1}); err == nil {
		t.Error("without a load")
	}
	if _, err := domain.New(domain.Config[int]{Load: func(context.Context, string) (int, error) { return 0, nil }}); err == nil {
		t.Error("without a capacity")
	}
}
