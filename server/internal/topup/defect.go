//go:build defects

package topup

import (
	"context"
	"crypto/rand"

	"oalab/server/internal/defect"
	"oalab/server/internal/payapi"
)

// The planted defects of the top-ups.
const (
	// DefectRefundTwice asks for each refund under a number of its own, so that Pay cannot see that
	// it is a repeat.
	DefectRefundTwice = "refund-twice"
	// DefectNotificationTrustedUnsigned takes notifications signed by any key.
	DefectNotificationTrustedUnsigned = "notification-trusted-unsigned"
)

// Defects are those that can be planted in the top-ups.
func (Settings) Defects() []string {
	return []string{DefectRefundTwice, DefectNotificationTrustedUnsigned}
}

// Plant returns the payments with the defect refund-twice where that is planted.
func Plant(planted defect.Set, p Pay) Pay {
	if planted.Has(DefectRefundTwice) {
		return forgetful{p}
	}
	return p
}

// forgetful does not know under which number it asked before.
type forgetful struct{ Pay }

// Refund implements Pay.
func (f forgetful) Refund(ctx context.Context, account string, r payapi.Refund) (string, error) {
	r.Number += rand.Text()[:8]
	return f.Pay.Refund(ctx, account, r)
}
