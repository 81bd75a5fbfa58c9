package topup

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"oalab/server/internal/payapi"
	"oalab/server/internal/web"
)

// maxNotice is the longest notification, in bytes.
const maxNotice = 64 << 10

// serveNotice takes what Pay tells. 204 ends it; after any other answer Pay tells again. What is
// refused changes nothing, and is counted by its reason.
func (s *Service) serveNotice(w http.ResponseWriter, r *http.Request, path web.Path) error {
	account := path.Param("account")
	r.Body = http.MaxBytesReader(w, r.Body, maxNotice)
	result, status := noticeNoMerchant, http.StatusNotFound
	var err error
	if s.pay.Has(account) {
		var n payapi.Notice
		if n, err = s.pay.Notified(r, account); err == nil {
			err = s.take(r, account, n)
		}
		result, status = judgeNotice(err)
	}
	s.metrics.notices.WithLabelValues(result).Inc()
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return nil
	}
	if times, tell := s.metrics.warnings.Tell("notice "+result, time.Now()); tell {
		s.log.WarnContext(r.Context(), "a notification of a payment was refused", "account", account, "why", result, "times", times, "error", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, err = w.Write([]byte(`{"code":"FAIL","message":"` + result + `"}`))
	return err
}

// take does what a notification says.
func (s *Service) take(r *http.Request, account string, n payapi.Notice) error {
	switch {
	case n.Refund != "" && n.RefundState == payapi.RefundDone:
		if !strings.HasPrefix(n.Refund, refundPrefix+n.RefundOf) {
			return ErrNoTopUp
		}
		return s.refunded(r.Context(), account, n.RefundOf, n.RefundFen)
	case n.Refund == "" && n.Payment.Made():
		return s.booked(r.Context(), account, n.Payment)
	}
	return errNoNews
}

// errNoNews: the notification tells of nothing that moves money.
var errNoNews = errors.New("nothing was paid or refunded")

// The results of a notification.
const (
	noticeDone       = "done"
	noticeRepeated   = "repeated"
	noticeNoNews     = "no-news"
	noticeSignature  = "signature"
	noticeSealed     = "sealed"
	noticeForeign    = "foreign"
	noticeUnknown    = "unknown"
	noticeAmount     = "amount"
	noticeOther      = "transaction"
	noticeState      = "state"
	noticeNoMerchant = "no-merchant"
	noticeFailed     = "failed"
)

// verdict is what is counted and answered for an error; nil is that of success.
type verdict struct {
	err    error
	result string
	status int
}

// verdicts are those of all errors that are known. The first that fits counts.
func verdicts() []verdict {
	return []verdict{
		{nil, noticeDone, http.StatusNoContent},
		{ErrRepeated, noticeRepeated, http.StatusNoContent},
		{errNoNews, noticeNoNews, http.StatusNoContent},
		{payapi.ErrSignature, noticeSignature, http.StatusUnauthorized},
		{payapi.ErrSealed, noticeSealed, http.StatusBadRequest},
		{payapi.ErrForeign, noticeForeign, http.StatusBadRequest},
		{ErrNoTopUp, noticeUnknown, http.StatusNotFound},
		{ErrAmount, noticeAmount, http.StatusConflict},
		{ErrTransaction, noticeOther, http.StatusConflict},
		{ErrNotPaid, noticeState, http.StatusConflict},
		{payapi.ErrNoMerchant, noticeNoMerchant, http.StatusNotFound},
	}
}

func judgeNotice(err error) (result string, status int) {
	for _, v := range verdicts() {
		if errors.Is(err, v.err) {
			return v.result, v.status
		}
	}
	return noticeFailed, http.StatusServiceUnavailable
}
