//go:build defects

package server_test

import (
	"net/http"
	"testing"

	"oalab/server/internal/servertest"
	"oalab/server/internal/topup"
)

// TestDefectOfUnsignedNotices: with notification-trusted-unsigned a notification that Pay has not
// signed books a payment. Without it the payment is found by asking.
func TestDefectOfUnsignedNotices(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		defects     []string
		told, asked string
	}{
		{nil, "0", "1"},
		{[]string{topup.DefectNotificationTrustedUnsigned}, "1", "0"},
	} {
		k := closedTill(t)
		k.cfg.Defects = tt.defects
		k.server = servertest.Start(t, k.cfg)
		k.twisted(func(h http.Header, body []byte) []byte { h.Set("Wechatpay-Signature", "AAAA"); return body })
		v := k.visitor()
		v.begins("10")
		v.pays()
		v.reaches("充值成功")
		if told, asked := k.counted("done"), k.counted("asked"); told != tt.told || asked != tt.asked {
			t.Errorf("defects %q: %s payments were told, %s found by asking; want %s and %s", tt.defects, told, asked, tt.told, tt.asked)
		}
	}
}
