package carrierapi

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/telemetry"
)

// trouble is what is known of calls that fail. Calls that go well cost one load of an
// atomic. It is safe for concurrent use.
type trouble struct {
	log     *slog.Logger
	warn    *telemetry.Recur
	not     *prometheus.CounterVec // not understood, by what
	failing prometheus.GaugeFunc

	now atomic.Bool // the last call failed

	mu    sync.Mutex
	since time.Time // of the first failure after a call that went well
	last  *Error
	count int // failures since then
}

// What cannot be understood, as oalab_carrier_not_understood_total counts it.
const (
	whatDescription = "description"
	whatAnswer      = "answer"
)

func newTrouble(log *slog.Logger) *trouble {
	t := &trouble{log: log, warn: telemetry.NewRecur(telemetry.WarnEvery), not: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "oalab_carrier_not_understood_total",
		Help: "Calls that failed because the carrier's WSDL cannot be had or used, or its answer is no SOAP answer.",
	}, []string{"what"})}
	t.not.WithLabelValues(whatDescription)
	t.not.WithLabelValues(whatAnswer)
	t.failing = prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "oalab_carrier_failing_seconds",
		Help: "How long all calls to the carrier have failed; 0 when the last one went well.",
	}, func() float64 { return t.failingFor(time.Now()).Seconds() })
	return t
}

func (t *trouble) register(reg prometheus.Registerer) error {
	return errors.Join(reg.Register(t.not), reg.Register(t.failing))
}

// well notes a call that the carrier answered.
func (t *trouble) well(now time.Time) {
	if !t.now.Load() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.now.Swap(false) {
		return
	}
	if now.Sub(t.since) >= telemetry.WarnEvery { // a shorter one has had its warning
		t.log.Info("the carrier answers again", "after", now.Sub(t.since), "failed", t.count)
	}
}

// failed notes a call that brought no answer. The first one is told at once, further ones
// by the minute, with how many there were in between. A call that the breaker held back
// says nothing new.
func (t *trouble) failed(now time.Time, e *Error) {
	if e.Class == ClassBreaker {
		return
	}
	switch {
	case errors.Is(e.Err, errDescription):
		t.not.WithLabelValues(whatDescription).Inc()
	case errors.Is(e.Err, errAnswer):
		t.not.WithLabelValues(whatAnswer).Inc()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.now.Swap(true) {
		t.since, t.count = now, 0
	}
	t.last = e
	t.count++
	if times, tell := t.warn.Tell("call", now); tell {
		t.log.Warn("a call to the carrier failed", "op", e.Op, "class", string(e.Class), "not_sent", e.NotSent,
			"failed", times, "since", t.since.UTC(), "error", e.Err)
	}
}

func (t *trouble) failingFor(now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.now.Load() {
		return 0
	}
	return now.Sub(t.since)
}

func (t *trouble) check() error {
	if !t.now.Load() {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.now.Load() {
		return nil
	}
	return fmt.Errorf("all %d calls since %s have failed, the last one: %w", t.count, t.since.UTC().Format(time.RFC3339), t.last)
}
