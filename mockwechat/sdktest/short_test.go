//go:build short

package sdktest

import (
	"net/http"
	"strings"
	"testing"
)

// TestShort is what make test runs: the SDKs that compile fast, without the table. The largest SDK
// is left to make sdks.
func TestShort(t *testing.T) {
	m := start(t)
	all := results{}
	m.run(all, nameSilenceper, append(silenceperSteps(t, m), silenceperComponent(m)...))
	m.handler = nil
	m.ask(http.MethodPost, "/control/reset", nil)
	m.run(all, nameWechatPay, wechatpaySteps(t, m))
	m.run(all, nameGopay, gopaySteps(t, m))
	m.handler = silenceperCallback()
	for _, mode := range []string{"plain", "compatible", "safe"} {
		m.accounts(mode)
		if seen, ok := m.push(map[string]any{"openid": m.followers(1)[0], "content": "流量😀"}); !ok || !strings.Contains(seen, "收到流量😀") {
			t.Errorf("mode %s: the follower reads %q", mode, seen)
		}
	}
}
