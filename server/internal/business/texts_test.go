package business

import (
	"testing"
	"time"

	"oalab/server/carrier"
)

// TestUsageText: followers read the carrier's clock and units in their own language (BIZ-1).
func TestUsageText(t *testing.T) {
	zone := time.FixedZone("carrier", 8*60*60)
	u := carrier.QueryUsageResponse{
		Month: "202611", AsOf: "2026-11-30T16:25:39.297644214Z", Receipt: "U1",
		Resources: []carrier.Resource{
			{Type: "data", Unit: "MB", Total: 1024, Used: 30, Left: 994},
			{Type: "voice", Unit: "minute", Total: 100, Used: 1, Left: 99},
			{Type: "sms", Unit: "piece", Total: 5, Left: 5},
		},
	}
	const want = "剩余流量（202611）\n流量：共1024，已用30，剩余994 MB\n语音：共100，已用1，剩余99 分钟\n短信：共5，已用0，剩余5 条\n" +
		"统计时间：2026-12-01 00:25\n查询编号：U1"
	if got := usageText("剩余流量", &u, zone); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for asOf, want := range map[string]string{
		"2026-12-01T00:25:39+08:00": "2026-12-01 00:25",
		"2026-12-01T00:25:39":       "2026-12-01 00:25",
		" 2026-11-30T16:25:00Z ":    "2026-12-01 00:25",
		"20261201":                  "20261201",
		"":                          "",
	} {
		if got := clockText(asOf, zone); got != want {
			t.Errorf("%q reads %q, want %q", asOf, got, want)
		}
	}
}
