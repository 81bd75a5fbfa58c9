package userlog

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// Why a row is not safe, as oalab_userlog_lost_total counts it.
const (
	lossRefused = "refused" // the database will never take it
	lossSpool   = "spool"   // neither the database nor the spool took it
)

type metrics struct {
	stored, spooled, late, replayed, torn prometheus.Counter
	lost                                  *prometheus.CounterVec
	batch                                 prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer, s *spool) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &metrics{
		stored:   counter("oalab_userlog_rows_total", "Messages that the database had before they were answered, repeated tries included."),
		spooled:  counter("oalab_userlog_spooled_total", "Messages that the spool has, most of them before they were answered."),
		late:     counter("oalab_userlog_late_total", "Messages answered while the spool was still at it, because time was over."),
		replayed: counter("oalab_userlog_replayed_total", "Messages brought from the spool into the database."),
		torn:     counter("oalab_userlog_torn_lines_total", "Lines of the spool that were torn or changed, and passed over."),
		lost: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "oalab_userlog_lost_total", Help: "Messages answered whose row is missing, by reason.",
		}, []string{"reason"}),
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "oalab_userlog_batch_rows", Help: "Rows of one statement.", Buckets: prometheus.ExponentialBuckets(1, 2, 9),
		}),
	}
	for _, reason := range []string{lossRefused, lossSpool} {
		m.lost.WithLabelValues(reason)
	}
	if reg == nil {
		return m, nil
	}
	bytes := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "oalab_userlog_spool_bytes", Help: "Size of the spool on disk.",
	}, func() float64 { return float64(s.bytes.Load()) })
	var errs []error
	for _, c := range []prometheus.Collector{m.stored, m.spooled, m.late, m.replayed, m.torn, m.lost, m.batch, bytes} {
		errs = append(errs, reg.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("register metrics of the user log: %w", err)
	}
	return m, nil
}
