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

func newMetrics() *metrics {
	return &metrics{refreshes: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "oalab_token_refreshes_total", Help: "Refreshes of the access token, by account and result.",
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

func ageDesc() *prometheus.Desc {
	return prometheus.NewDesc("oalab_token_age_seconds", "Time since the access token in use was first committed.", []string{"account"}, nil)
}

// Describe implements prometheus.Collector.
func (ages) Describe(to chan<- *prometheus.Desc) { to <- ageDesc() }

// Collect implements prometheus.Collector.
func (a ages) Collect(to chan<- prometheus.Metric) {
	for account, s := range a.keeper.slots {
		s.mu.Lock()
		since, any := s.held.since, s.held.value != ""
		s.mu.Unlock()
		if any {
			to <- prometheus.MustNewConstMetric(ageDesc(), prometheus.GaugeValue, time.Since(since).Seconds(), account)
		}
	}
}
