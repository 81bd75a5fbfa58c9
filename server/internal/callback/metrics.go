package callback

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/wechat"
)

// What became of a try, as oalab_callback_messages_total counts it.
const (
	outcomeReply      = "reply"       // a message for the follower
	outcomeSuccess    = "success"     // the event allows no reply
	outcomeHandedOver = "handed_over" // "success" now, the answer comes as a message
	outcomeDefault    = "default"     // no command and no keyword matched
	outcomeStale      = "stale"       // from memory, with leave, while the database was away
	outcomeFailed     = "failed"      // 503: business failed, the platform tries again
	outcomeLate       = "late"        // 503, or 429 under overload: the budget ended
	outcomeBusy       = "busy"        // 429: too many messages at once; 503: the server stops
)

// Why a call was refused, as oalab_callback_refused_total counts it.
const (
	refusedAccount   = "account"
	refusedSignature = "signature"
	refusedEncrypted = "encrypted" // to an account in plain mode
	refusedPlaintext = "plaintext" // to an account in safe mode
	refusedBody      = "body"      // could not be read, or not in time
	refusedTooLarge  = "too_large"
	refusedMalformed = "malformed"
	refusedForbidden = "forbidden"
	refusedComplex   = "complex"
	refusedField     = "field"
	refusedBusy      = "busy" // 429: it cannot be answered in time, and was not read

	// Of encrypted messages, by the platform's own codes.
	refusedMsgSignature = "msg_signature" // -40001
	refusedEnvelope     = "envelope"      // -40002
	refusedAppID        = "appid"         // -40005
	refusedDecrypt      = "decrypt"       // -40007: blocks or padding
	refusedBuffer       = "buffer"        // -40008: the length field
	refusedBase64       = "base64"        // -40010
)

// otherType stands for all message types that the server does not know, so that
// no sender can make new series.
const otherType = "other"

func types() []string {
	return []string{"text", "image", "voice", "video", "shortvideo", "location", "link", "event", otherType}
}

type metrics struct {
	messages   *prometheus.CounterVec
	refused    *prometheus.CounterVec
	duplicates prometheus.Counter
	handedOver prometheus.Counter
	seconds    prometheus.Histogram
	admitted   map[verdict]prometheus.Counter
	inTime     prometheus.Counter
}

// newMetrics registers the metrics; counts says how many tries are served and how many wait.
func newMetrics(reg prometheus.Registerer, counts func() (served, waiting int)) (*metrics, error) {
	m := &metrics{
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "oalab_callback_messages_total", Help: "Tries that passed the checks, by message type and outcome.",
		}, []string{"type", "outcome"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "oalab_callback_refused_total", Help: "Calls refused, by reason.",
		}, []string{"reason"}),
		duplicates: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "oalab_callback_duplicates_total", Help: "Tries of messages that this process has seen a try of before.",
		}),
		handedOver: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "oalab_callback_handed_over_total", Help: "Tries answered \"success\" because the answer comes as a message.",
		}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "oalab_callback_seconds", Help: "Time from the arrival of a try at this host to its reply.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, .75, 1, 2, 3, 4, 4.5, 5},
		}),
	}
	admissions := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "oalab_callback_admission_total",
		Help: "Tries at the door: let in at once, in turn, newest first or because their answer was there; or refused unread as one too many, as out of time, or because the sender had hung up.",
	}, []string{"verdict"})
	m.admitted = make(map[verdict]prometheus.Counter)
	for _, v := range verdicts() {
		m.admitted[v] = admissions.WithLabelValues(string(v))
	}
	m.inTime = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "oalab_callback_in_time_total", Help: "Tries that got their reply within the budget, with the sender still there: the server's goodput.",
	})
	served := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "oalab_callback_served", Help: "Tries that are being served.",
	}, func() float64 { n, _ := counts(); return float64(n) })
	waiting := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "oalab_callback_waiting", Help: "Tries that wait, unread, to be served.",
	}, func() float64 { _, n := counts(); return float64(n) })
	for _, t := range types() {
		for _, o := range []string{outcomeReply, outcomeSuccess, outcomeHandedOver, outcomeDefault, outcomeStale, outcomeFailed, outcomeLate, outcomeBusy} {
			m.messages.WithLabelValues(t, o)
		}
	}
	for _, r := range []string{
		refusedAccount, refusedSignature, refusedEncrypted, refusedBody, refusedTooLarge,
		refusedMalformed, refusedForbidden, refusedComplex, refusedField, refusedBusy,
		refusedPlaintext, refusedMsgSignature, refusedEnvelope, refusedAppID, refusedDecrypt, refusedBuffer, refusedBase64,
	} {
		m.refused.WithLabelValues(r)
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.messages, m.refused, m.duplicates, m.handedOver, m.seconds, admissions, m.inTime, served, waiting} {
		errs = append(errs, reg.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("register callback metrics: %w", err)
	}
	return m, nil
}

// typeLabel is the message type as a label.
func typeLabel(m *wechat.Message) string {
	if _, unknown := m.Body.(*wechat.Unknown); unknown && !m.IsEvent() {
		return otherType
	}
	return m.Type
}
