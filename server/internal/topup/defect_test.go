//go:build defects

package topup

import (
	"context"
	"testing"

	"oalab/server/internal/defect"
	"oalab/server/internal/payapi"
)

// numbers notes under which numbers refunds were asked for.
type numbers struct {
	Pay
	asked map[string]bool
}

func (n numbers) Refund(_ context.Context, _ string, r payapi.Refund) (string, error) {
	n.asked[r.Number] = true
	return payapi.RefundProcessing, nil
}

// TestDefectRefundTwice: with it a refund that is asked for again has another number, so Pay would
// give the money back twice.
func TestDefectRefundTwice(t *testing.T) {
	for _, tt := range []struct {
		planted defect.Set
		want    int
	}{{nil, 1}, {defect.Set{DefectRefundTwice}, 2}} {
		pay := numbers{asked: map[string]bool{}}
		planted := Plant(tt.planted, pay)
		for range 2 {
			if _, err := planted.Refund(t.Context(), "demo", payapi.Refund{Number: "R1"}); err != nil {
				t.Fatal(err)
			}
		}
		if len(pay.asked) != tt.want {
			t.Errorf("defects %q: asked under %d numbers, want %d", tt.planted, len(pay.asked), tt.want)
		}
	}
}
