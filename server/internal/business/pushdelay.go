package business

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// newPushDelay counts what is sent to followers by messages of their own (PERF-1). One of
// the bounds is the goal, 0.5 s, so that the share within it is exact.
func newPushDelay() prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "oalab_push_delay_seconds",
		Help:    "Time from when an order was accepted, or a query handed over, until the platform had the message about it.",
		Buckets: []float64{.05, .1, .2, .3, .5, .75, 1, 2, 5, 10, 30},
	})
}

// handed observes a message that the platform has taken, about what was accepted then.
// A clock that was set back in between gives 0.
func (s *Service) handed(accepted time.Time) {
	s.pushed.Observe(max(0, s.cfg.Now().Sub(accepted).Seconds()))
}
