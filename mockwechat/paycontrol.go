package mockwechat

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"oalab/chaos/upstream"
	"oalab/mockwechat/pay"
)

// payRequest is a follower that pays: what the page has given the phone, and when the merchant
// is notified.
type payRequest struct {
	OpenID string    `json:"openid"`
	Sheet  pay.Sheet `json:"sheet"`
	// NotifyAfterS are seconds after the payment, one for each copy of the notification. A negative
	// one is told before the payer hears that the payment is made. Empty
	// means one copy at once.
	NotifyAfterS []float64 `json:"notify_after_s"`
}

// maxCopies of one notification.
const maxCopies = 100

// controlPay is POST /control/pay. A payment that the phone refuses is a 400 with the reason.
func (p *Platform) controlPay(w http.ResponseWriter, r *http.Request) {
	var q payRequest
	if err := upstream.ReadJSON(w, r, &q); err != nil {
		upstream.WriteError(w, http.StatusBadRequest, err)
		return
	}
	if len(q.NotifyAfterS) > maxCopies {
		upstream.WriteError(w, http.StatusBadRequest, fmt.Errorf("notify_after_s: at most %d copies", maxCopies))
		return
	}
	after := make([]time.Duration, len(q.NotifyAfterS))
	for i, s := range q.NotifyAfterS {
		after[i] = time.Duration(s * float64(time.Second))
	}
	transaction, err := p.payments.Pay(q.OpenID, q.Sheet, after)
	switch {
	case errors.Is(err, pay.ErrPayment):
		upstream.WriteError(w, http.StatusBadRequest, err)
	case err != nil:
		upstream.WriteError(w, http.StatusInternalServerError, err)
	default:
		upstream.WriteJSON(w, http.StatusOK, map[string]string{"transaction_id": transaction})
	}
}

// controlPayCertificate is POST /control/pay/certificate: a step of a change of the platform's
// certificate.
func (p *Platform) controlPayCertificate(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Step string `json:"step"`
	}
	if err := upstream.ReadJSON(w, r, &q); err != nil {
		upstream.WriteError(w, http.StatusBadRequest, err)
		return
	}
	listed, signing, err := p.certificates.Rotate(q.Step)
	if err != nil {
		upstream.WriteError(w, http.StatusBadRequest, err)
		return
	}
	upstream.WriteJSON(w, http.StatusOK, map[string]any{"listed": listed, "signing": signing})
}
