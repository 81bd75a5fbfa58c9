package oauth

import (
	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/telemetry"
)

// The results of a step of a login, as oalab_logins_total counts them.
const (
	resultSent     = "sent"     // to the consent page
	resultKnown    = "known"    // had a session: the platform was not asked
	resultDone     = "done"     // came back, and is logged in
	resultRepeated = "repeated" // the same callback again: the session of the first
	resultDeclined = "declined" // came back without a code
	resultForeign  = "foreign"  // the state is not this browser's
	resultAgain    = "again"    // sent to the consent page again: the code was refused or may be spent
	resultFailed   = "failed"   // told to come back later
	resultLimited  = "limited"  // too many
)

type metrics struct {
	logins   *prometheus.CounterVec
	warnings *telemetry.Recur // by account, and of the sessions
}

func newMetrics() *metrics {
	m := &metrics{warnings: telemetry.NewRecur(telemetry.WarnEvery), logins: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "oalab_logins_total", Help: "Steps of followers' logins, by result.",
	}, []string{"result"})}
	for _, r := range []string{resultSent, resultKnown, resultDone, resultRepeated, resultDeclined, resultForeign, resultAgain, resultFailed, resultLimited} {
		m.logins.WithLabelValues(r)
	}
	return m
}

func (m *metrics) count(result string) { m.logins.WithLabelValues(result).Inc() }
