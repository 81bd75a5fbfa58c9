package media

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/telemetry"
)

// The results of an upload, and of a fetch beside the states.
const (
	uploadDone   = "done"
	uploadFailed = "failed"
	uploadLost   = "lost" // the file was changed meanwhile
)

// Why something that a follower sent is not kept.
const (
	whySize    = "size"
	whyContent = "content"
	whyGone    = "gone"
	whyRight   = "right" // the account has no right to fetch it
)

type metrics struct {
	uploads  *prometheus.CounterVec
	received *prometheus.CounterVec
	unusable prometheus.Gauge
	warnings *telemetry.Recur
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		warnings: telemetry.NewRecur(telemetry.WarnEvery),
		uploads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "oalab_media_uploads_total", Help: "Uploads of files to the platform, by result.",
		}, []string{"result"}),
		received: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "oalab_media_received_total", Help: "Media of followers, by what became of them: kept, or why not.",
		}, []string{"result"}),
		unusable: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "oalab_media_unusable_files", Help: "Files without a media_id that lives, at this server's last look.",
		}),
	}
	for _, result := range []string{uploadDone, uploadFailed, uploadLost} {
		m.uploads.WithLabelValues(result)
	}
	for _, result := range []string{string(Kept), whySize, whyContent, whyGone, whyRight} {
		m.received.WithLabelValues(result)
	}
	if reg == nil {
		return m, nil
	}
	return m, errors.Join(reg.Register(m.uploads), reg.Register(m.received), reg.Register(m.unusable))
}
