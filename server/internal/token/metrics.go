package token

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// What became of a refresh, as oalab_token_refreshes_total counts it.
const (
	resultNew    = "new"    // the platform gave another token
	resultSame   = "same"   // the platform repeated the token
	resultTaken  = "taken"  // another server had refreshed
	resultFailed = "failed" // no answer, or a refusal
)

type metrics struct{ refreshes *prometheus.CounterVec }

func newMetrics(kind Kind) *metrics {
	return &metrics{refreshes: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: kind.metric() + "_refreshes_total", Help: "Refreshes of the " + kind.String() + ", by account and result.",
	}, []string{"account", "result"})}
}

func (m *metrics) account(name string) {
	for _, result := range []string{resultNew, resultSame, resultTaken, resultFailed} {
		m.refreshes.WithLabelValues(name, result)
	}
}

func (m *metrics) count(account, result string) { m.refreshes.WithLabelValues(account, result).Inc() }

// ages shows how old the tokens in use are; an account without one has no series.
type ages struct{ keeper *Keeper }

func (a ages) desc() *prometheus.Desc {
	kind := a.keeper.cfg.Kind
	return prometheus.NewDesc(kind.metric()+"_age_seconds", "Time since the "+kind.String()+" in use was first committed.", []string{"account"}, nil)
}

// Describe implements prometheus.Collector.
func (a ages) Describe(to chan<- *prometheus.Desc) { to <- a.desc() }

// Collect implements prometheus.Collector.
func (a ages) Collect(to chan<- prometheus.Metric) {
	for account, s := range a.keeper.slots {
		s.mu.Lock()
		since, any := s.held.since, s.held.value != ""
		s.mu.Unlock()
		if any {
			to <- prometheus.MustNewConstMetric(a.desc(), prometheus.GaugeValue, time.Since(since).Seconds(), account)
		}
	}
}
