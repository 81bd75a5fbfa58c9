package container

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"oalab/chaos/host"
)

// took logs how long a step took: the figures that a scenario's time line rests on.
func took(t *testing.T, what string, step func() error) {
	t.Helper()
	begin := time.Now()
	must(t, step())
	t.Logf("%-10s %4d ms", what, time.Since(begin).Milliseconds())
}

func TestHostLives(t *testing.T) {
	n := newNetwork(t)
	ctx := limit(t, 2*time.Minute)
	s := spec(t, n, "one", 11)
	var h *Host
	took(t, "make+start", func() error {
		hosts, err := n.Start(ctx, s)
		if err == nil {
			h = hosts[0]
		}
		return err
	})
	took(t, "ready", func() error { return h.Ready(ctx) })
	took(t, "freeze", func() error { return h.Freeze(ctx) })
	if frozen, err := h.Frozen(ctx); err != nil || !frozen {
		t.Errorf("frozen %t (%v) after a freeze", frozen, err)
	}
	took(t, "thaw", func() error { return h.Thaw(ctx) })
	took(t, "kill", func() error { return h.Kill(ctx) })
	if err := h.Ready(ctx); !errors.Is(err, host.ErrDown) {
		t.Errorf("killed: ready says %v, want ErrDown", err)
	}
	took(t, "start", func() error { return h.Start(ctx) })
	took(t, "freeze", func() error { return h.Freeze(ctx) })
	took(t, "kill frozen", func() error { return h.Kill(ctx) })
	took(t, "start", func() error { return h.Start(ctx) })
	took(t, "stop", func() error { return h.Stop(ctx) })
	took(t, "start", func() error { return h.Start(ctx) })
	took(t, "freeze", func() error { return h.Freeze(ctx) })
	took(t, "stop frozen", func() error { return h.Stop(ctx) })
	took(t, "start", func() error { return h.Start(ctx) })
	took(t, "remove", func() error { return h.Remove(ctx) })
	text, err := os.ReadFile(s.LogPath)
	must(t, err)
	if got := strings.Count(string(text), "asked to stop"); got != 2 {
		t.Errorf("it was asked to stop %d times, want 2", got)
	}
	t.Logf("%s", text)
}
