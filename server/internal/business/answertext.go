package business

import (
	"fmt"
	"strings"
	"time"

	"oalab/server/carrier"
)

// answerText is what the follower reads of the carrier's answer to a query (BIZ-3), in the
// zone of the carrier.
func answerText(name string, r carrier.Response, zone *time.Location) string {
	var b strings.Builder
	switch r := r.(type) {
	case *carrier.QueryUsageResponse:
		fmt.Fprintf(&b, "%s（%s）", name, dateText(r.Month))
		writeResources(&b, r.Resources)
		writeClock(&b, r.AsOf, zone)
	case *carrier.QueryBillDayResponse:
		fmt.Fprintf(&b, "%s（%s）", name, dateText(r.Day))
		writeBill(&b, r.Items, r.Fen)
	case *carrier.QueryBillMonthResponse:
		fmt.Fprintf(&b, "%s（%s）", name, dateText(r.Month))
		writeBill(&b, r.Items, r.Fen)
	case *carrier.QueryPackageResponse:
		fmt.Fprintf(&b, "%s\n%s，每月%s", name, r.PackageName, moneyText(r.Fen))
		if r.NextName != "" {
			fmt.Fprintf(&b, "\n下月起：%s", r.NextName)
		}
		writeResources(&b, r.Resources)
		writeClock(&b, r.AsOf, zone)
	case *carrier.QueryPointsResponse:
		fmt.Fprintf(&b, "%s\n可用积分：%d", name, r.Points)
		if r.Expiring > 0 && r.ExpireOn != "" {
			fmt.Fprintf(&b, "\n其中%d积分将于%s到期", r.Expiring, dateText(r.ExpireOn))
		}
	case *carrier.QueryPointsHistoryResponse:
		b.WriteString(name)
		for _, c := range r.Changes {
			fmt.Fprintf(&b, "\n%s %s %+d", dateText(c.Day), c.Reason, c.Points)
		}
		if len(r.Changes) == 0 {
			b.WriteString("\n没有积分记录")
		}
	case *carrier.QueryBalanceResponse:
		fmt.Fprintf(&b, "%s\n余额：%s", name, moneyText(r.Balance))
		writeClock(&b, r.AsOf, zone)
	}
	return b.String()
}

func writeResources(b *strings.Builder, all []carrier.Resource) {
	for _, r := range all {
		fmt.Fprintf(b, "\n%s：", resourceName(r.Type))
		if r.Left >= 0 {
			fmt.Fprintf(b, "剩余%s", amountText(r.Left, r.Unit))
		} else {
			fmt.Fprintf(b, "超出%s", amountText(-r.Left, r.Unit))
		}
		fmt.Fprintf(b, "，已用%s，共%s", amountText(r.Used, r.Unit), amountText(r.Total, r.Unit))
	}
}

func writeBill(b *strings.Builder, items []carrier.BillItem, fen int64) {
	for _, i := range items {
		fmt.Fprintf(b, "\n%s：%s", i.Name, moneyText(i.Fen))
	}
	fmt.Fprintf(b, "\n合计：%s", moneyText(fen))
}

func writeClock(b *strings.Builder, asOf string, zone *time.Location) {
	if asOf != "" {
		fmt.Fprintf(b, "\n统计时间：%s", clockText(asOf, zone))
	}
}

// clockText is an xsd:dateTime to the minute. One without a zone has the carrier's. Text in
// another form stays as the carrier has it.
func clockText(asOf string, zone *time.Location) string {
	asOf = strings.TrimSpace(asOf)
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		if at, err := time.ParseInLocation(layout, asOf, zone); err == nil {
			return at.In(zone).Format("2006-01-02 15:04")
		}
	}
	return asOf
}

// dateText is a day or a month of the carrier as it is read. Text in another form stays as
// the carrier has it.
func dateText(date string) string {
	for _, form := range []struct{ layout, text string }{{dayForm, "2006年1月2日"}, {monthForm, "2006年1月"}} {
		if at, err := time.Parse(form.layout, date); err == nil && len(date) == len(form.layout) {
			return at.Format(form.text)
		}
	}
	return date
}

// moneyText is fen in yuan.
func moneyText(fen int64) string {
	sign := ""
	if fen < 0 {
		sign, fen = "-", -fen
	}
	return fmt.Sprintf("%s%d.%02d元", sign, fen/100, fen%100)
}

// amountText is an amount with its unit: data from 1 GB on in GB with one decimal.
func amountText(n int64, unit string) string {
	switch unit {
	case "MB":
		if n < 1024 {
			return fmt.Sprintf("%dMB", n)
		}
		return fmt.Sprintf("%.1fGB", float64(n)/1024)
	case "minute":
		unit = "分钟"
	case "piece":
		unit = "条"
	}
	return fmt.Sprintf("%d%s", n, unit)
}

func resourceName(t string) string {
	switch t {
	case "data":
		return "流量"
	case "voice":
		return "语音"
	case "sms":
		return "短信"
	case "wlan":
		return "WLAN"
	}
	return t
}
