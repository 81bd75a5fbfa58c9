package business

import (
	"strings"
	"testing"
	"time"

	"oalab/server/carrier"
)

// TestAnswerTexts: followers read the carrier's answers in their own language: its clock, money
// and units (BIZ-3).
func TestAnswerTexts(t *testing.T) {
	zone := time.FixedZone("carrier", 8*60*60)
	const asOf = "2026-11-30T16:25:39.297644214Z"
	resources := []carrier.Resource{
		{Type: "data", Unit: "MB", Total: 10240, Used: 3277, Left: 6963},
		{Type: "voice", Unit: "minute", Total: 100, Used: 1, Left: 99},
		{Type: "sms", Unit: "piece", Total: 5, Used: 7, Left: -2},
	}
	const lines = "\n流量：剩余6.8GB，已用3.2GB，共10.0GB\n语音：剩余99分钟，已用1分钟，共100分钟\n短信：超出2条，已用7条，共5条\n统计时间：2026-12-01 00:25"
	items := []carrier.BillItem{{Name: "套餐月费", Fen: 3800}, {Name: "优惠", Fen: -205}}
	for _, tt := range []struct {
		name string
		r    carrier.Response
		want string
	}{
		{"剩余流量", &carrier.QueryUsageResponse{Month: "202611", AsOf: asOf, Receipt: "U1", Resources: resources}, "剩余流量（2026年11月）" + lines},
		{"日账单", &carrier.QueryBillDayResponse{Day: "20261130", Fen: 3595, Items: items}, "日账单（2026年11月30日）\n套餐月费：38.00元\n优惠：-2.05元\n合计：35.95元"},
		{"月账单", &carrier.QueryBillMonthResponse{Month: "202611"}, "月账单（2026年11月）\n合计：0.00元"},
		{
			"我的套餐", &carrier.QueryPackageResponse{PackageName: "38元套餐", Fen: 3800, NextName: "58元套餐", AsOf: asOf, Resources: resources},
			"我的套餐\n38元套餐，每月38.00元\n下月起：58元套餐" + lines,
		},
		{"积分", &carrier.QueryPointsResponse{Points: 1200}, "积分\n可用积分：1200"},
		{"积分", &carrier.QueryPointsResponse{Points: 1200, Expiring: 30, ExpireOn: "20261231"}, "积分\n可用积分：1200\n其中30积分将于2026年12月31日到期"},
		{
			"积分明细", &carrier.QueryPointsHistoryResponse{Changes: []carrier.PointsChange{{Day: "20261030", Points: 8, Reason: "消费"}, {Day: "20261015", Points: -500, Reason: "兑换"}}},
			"积分明细\n2026年10月30日 消费 +8\n2026年10月15日 兑换 -500",
		},
		{"积分明细", &carrier.QueryPointsHistoryResponse{}, "积分明细\n没有积分记录"},
		{"话费余额", &carrier.QueryBalanceResponse{Balance: 105, AsOf: asOf}, "话费余额\n余额：1.05元\n统计时间：2026-12-01 00:25"},
	} {
		if got := answerText(tt.name, tt.r, zone); got != tt.want {
			t.Errorf("got\n%s\nwant\n%s", got, tt.want)
		}
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
	for n, want := range map[int64]string{0: "0MB", 1023: "1023MB", 1024: "1.0GB", 1126: "1.1GB"} {
		if got := amountText(n, "MB"); got != want {
			t.Errorf("%d MB reads %q, want %q", n, got, want)
		}
	}
	if got := dateText("2026-11"); got != "2026-11" {
		t.Errorf("a month in another form reads %q", got)
	}
}

// TestEveryQueryHasARequestAndAText: what the catalogue can name is asked and read.
func TestEveryQueryHasARequestAndAText(t *testing.T) {
	for _, op := range QueryOperations() {
		if r := questions[op]("13800000001", "20261130"); r.Operation() != op || !carrier.Repeatable(op) {
			t.Errorf("%s makes a request of %s", op, r.Operation())
		}
		if text := answerText("名称", carrier.NewResponse(op), time.UTC); !strings.HasPrefix(text, "名称") {
			t.Errorf("%s reads %q", op, text)
		}
	}
}

// TestRefusalsHaveWords: each refusal that the carrier does not take back has words of its own.
func TestRefusalsHaveWords(t *testing.T) {
	seen := map[string]carrier.Code{}
	for _, c := range carrier.Codes() {
		words := refusals[c]
		if other, taken := seen[words]; c.Final() && (words == "" || taken) {
			t.Errorf("%s reads %q, as %s does", c, words, other)
		}
		seen[words] = c
	}
	if got := refusalWords("1999", "no more of it"); got != "no more of it" {
		t.Errorf("an unknown code reads %q", got)
	}
	if got := refusalWords("1999", ""); !strings.Contains(got, "1999") {
		t.Errorf("an unknown code without words reads %q", got)
	}
}
