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
	outcomeFailed     = "failed"      // 503: business failed, the platform tries again
	outcomeLate       = "late"        // 503: the budget ended
	outcomeBusy       = "busy"        // 503: too many messages at once
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
	refusedBusy      = "busy" // 503: no turn came within the budget

	// Of encrypted messages, by the platform's own codes.
	refusedMsgSignature = "msg_signature" // -40001
	refusedEnvelope     = "envelope"      // -40002
	refusedAppID        = "appid"         // -40005
	refusedDecrypt      = "decrypt"       // -40007: blocks or padding
	refusedBuffer       = "buffer"        // -40008: the length field
	refusedBase64       = "base64"        // -40010
)

// otherType stands for all message types that the server does not know, so that
// nobody can make new series.
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
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
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
			Name: "oalab_callback_seconds", Help: "Time from the arrival of a try to its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, .75, 1, 2, 3, 4, 4.5, 5},
		}),
	}
	for _, t := range types() {
		for _, o := range []string{outcomeReply, outcomeSuccess, outcomeHandedOver, outcomeDefault, outcomeFailed, outcomeLate, outcomeBusy} {
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
	for _, c := range []prometheus.Collector{m.messages, m.refused, m.duplicates, m.handedOver, m.seconds} {
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
