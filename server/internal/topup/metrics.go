package topup

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/telemetry"
)

type metrics struct {
	notices  *prometheus.CounterVec
	steps    *prometheus.CounterVec
	money    *prometheus.CounterVec
	warnings *telemetry.Recur // by what failed
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		warnings: telemetry.NewRecur(telemetry.WarnEvery),
		notices: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "oalab_topup_notices_total", Help: "Notifications of WeChat Pay by result; asked are payments that were found by asking.",
		}, []string{"result"}),
		steps: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "oalab_topup_steps_total", Help: "Steps of top-ups that the sweeper took, by the state before.",
		}, []string{"state"}),
		money: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "oalab_topup_money_fen_total", Help: "Money that this server booked, in fen: paid, refunded.",
		}, []string{"of"}),
	}
	m.notices.WithLabelValues(noticeAsked)
	m.notices.WithLabelValues(noticeFailed)
	for _, v := range verdicts() {
		m.notices.WithLabelValues(v.result)
	}
	for _, of := range []string{"paid", "refunded"} {
		m.money.WithLabelValues(of)
	}
	if reg == nil {
		return m, nil
	}
	return m, errors.Join(reg.Register(m.notices), reg.Register(m.steps), reg.Register(m.money))
}
