package packet

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/telemetry"
)

// The calls of the API, as the metric names them.
const (
	callBalance = "balance"
	callSend    = "send"
	callLook    = "look"
	callGrab    = "grab"
	callDaily   = "daily"
	callRedeem  = "redeem"
	callHistory = "history"
)

// The results of a call that are no refusals.
const (
	resultDone    = "done"
	resultLogin   = "login"   // without a session, or too many calls of one
	resultStopped = "stopped" // the browser has gone
)

type metrics struct {
	calls    *prometheus.CounterVec
	gate     prometheus.Counter
	returned *prometheus.CounterVec
	warnings *telemetry.Recur // by what is away
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		warnings: telemetry.NewRecur(telemetry.WarnEvery),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "oalab_packet_calls_total", Help: "Calls of the API of red packets, by call and result; the refusals are listed in docs/packets.md.",
		}, []string{"call", "result"}),
		gate: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "oalab_packet_gate_refusals_total", Help: "Grabs that were refused without the database.",
		}),
		returned: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "oalab_packet_returned_total", Help: "What came back from packets whose time had passed: packets, shares, units.",
		}, []string{"of"}),
	}
	for _, call := range []string{callBalance, callSend, callLook, callGrab, callDaily, callRedeem, callHistory} {
		for _, result := range []string{resultDone, resultLogin, resultStopped} {
			m.calls.WithLabelValues(call, result)
		}
		for _, r := range Refusals() {
			m.calls.WithLabelValues(call, r.Reason)
		}
	}
	for _, of := range []string{"packets", "shares", "units"} {
		m.returned.WithLabelValues(of)
	}
	if reg == nil {
		return m, nil
	}
	return m, errors.Join(reg.Register(m.calls), reg.Register(m.gate), reg.Register(m.returned))
}
