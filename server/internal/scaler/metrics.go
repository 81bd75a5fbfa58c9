package scaler

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// What became of a change, as oalab_scaler_applies_total counts it.
const (
	resultApplied = "applied"
	resultRefused = "refused" // by Nginx, which goes on with the old list
	resultFailed  = "failed"
)

type metrics struct {
	servers, band prometheus.Gauge
	healthy       prometheus.Gauge
	rate          *prometheus.GaugeVec
	nginx         *prometheus.GaugeVec
	applies       *prometheus.CounterVec
	unread        *prometheus.CounterVec
	resets        *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer, servers int) (*metrics, error) {
	lb := []string{"lb"}
	m := &metrics{
		servers: prometheus.NewGauge(prometheus.GaugeOpts{Name: "oalab_scaler_servers", Help: "App servers that this scaler has put into the upstream last; 0 before it has changed anything."}),
		band:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "oalab_scaler_band", Help: "Band of the request rate, counted from 1."}),
		healthy: prometheus.NewGauge(prometheus.GaugeOpts{Name: "oalab_scaler_healthy_servers", Help: "App servers that answer their health checks; at the start all count as healthy."}),
		rate:    prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "oalab_scaler_requests_per_second", Help: "Rate of requests of a load balancer over the last interval."}, lb),
		nginx:   prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "oalab_scaler_nginx_status", Help: "What stub_status of a load balancer told last."}, []string{"lb", "value"}),
		applies: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "oalab_scaler_applies_total", Help: "Changes of the upstream, by result."}, []string{"result"}),
		unread:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "oalab_scaler_unread_total", Help: "Looks at a load balancer that were not answered."}, lb),
		resets:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "oalab_scaler_counter_resets_total", Help: "Looks that found the counters of a load balancer begun anew."}, lb),
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.servers, m.band, m.healthy, m.rate, m.nginx, m.applies, m.unread, m.resets} {
		errs = append(errs, reg.Register(c))
	}
	m.healthy.Set(float64(servers))
	for _, result := range []string{resultApplied, resultRefused, resultFailed} {
		m.applies.WithLabelValues(result)
	}
	return m, errors.Join(errs...)
}

// looked shows what a look at a load balancer brought.
func (m *metrics) looked(s *source, rate float64, known, reset bool) {
	switch {
	case s.err != nil:
		m.unread.WithLabelValues(s.name).Inc()
	case reset:
		m.resets.WithLabelValues(s.name).Inc()
	}
	if s.err == nil {
		for name, v := range s.last.Values() {
			m.nginx.WithLabelValues(s.name, name).Set(float64(v))
		}
	}
	if known {
		m.rate.WithLabelValues(s.name).Set(rate)
	} else {
		m.rate.DeleteLabelValues(s.name) // an old rate would pass for a present one
	}
}
