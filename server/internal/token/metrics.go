package token

import (
	"errors"
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

// metrics have a series for each account that is always kept. The others share the account
// "": 100 000 accounts would be 400 000 series.
type metrics struct {
	kind      Kind
	refreshes *prometheus.CounterVec
	own       map[string]bool // accounts with series of their own
}

func newMetrics(kind Kind) *metrics {
	return &metrics{kind: kind, own: make(map[string]bool), refreshes: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: kind.metric() + "_refreshes_total",
		Help: "Refreshes of the " + kind.String() + ", by account and result; accounts that are kept only while asked for have no name.",
	}, []string{"account", "result"})}
}

func (m *metrics) account(name string) {
	m.own[name] = name != ""
	for _, result := range []string{resultNew, resultSame, resultTaken, resultFailed} {
		m.refreshes.WithLabelValues(name, result)
	}
}

func (m *metrics) count(account, result string) {
	if !m.own[account] {
		account = ""
	}
	m.refreshes.WithLabelValues(account, result).Inc()
}

// register makes the metrics known, with those of a keeper.
func (m *metrics) register(reg prometheus.Registerer, k *Keeper) error {
	domains, evictions := "oalab_token_domains", "oalab_token_evictions_total"
	if m.kind == KindTicket {
		domains, evictions = "oalab_ticket_domains", "oalab_ticket_evictions_total"
	}
	return errors.Join(reg.Register(m.refreshes), reg.Register(ages{k}),
		reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: domains, Help: "Accounts whose " + m.kind.String() + " is in memory.",
		}, func() float64 { return float64(k.slots.Len()) })),
		reg.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: evictions, Help: "Accounts whose " + m.kind.String() + " left memory for that of another one.",
		}, func() float64 { return float64(k.slots.Evictions()) })))
}

// ages shows how old the tokens in use are, of the accounts that are always kept; an account
// without one has no series.
type ages struct{ keeper *Keeper }

func (a ages) desc() *prometheus.Desc {
	kind := a.keeper.cfg.Kind
	return prometheus.NewDesc(kind.metric()+"_age_seconds", "Time since the "+kind.String()+" in use was first committed.", []string{"account"}, nil)
}

// Describe implements prometheus.Collector.
func (a ages) Describe(to chan<- *prometheus.Desc) { to <- a.desc() }

// Collect implements prometheus.Collector.
func (a ages) Collect(to chan<- prometheus.Metric) {
	for _, account := range a.keeper.cfg.Accounts {
		s, ok := a.keeper.slots.Peek(account.Name)
		if !ok {
			continue
		}
		s.mu.Lock()
		since, any := s.held.since, s.held.value != ""
		s.mu.Unlock()
		if any {
			to <- prometheus.MustNewConstMetric(a.desc(), prometheus.GaugeValue, time.Since(since).Seconds(), account.Name)
		}
	}
}
