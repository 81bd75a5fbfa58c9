package business

import (
	"fmt"
	"strings"
	"time"

	"oalab/server/carrier"
)

// What followers read. Only textAccepted may contain "流水号：": by it a
// follower, and a checker, knows that an order was acknowledged.
const (
	textUnbound      = "您还没有绑定手机号码，请先绑定后再办理业务。"
	textNotAvailable = "该业务暂时无法办理，请稍后再试。"
	textAccepted     = "您的订单已受理，正在处理中。流水号：%s"
)

func acceptedText(serial string) string { return fmt.Sprintf(textAccepted, serial) }

// usageText is the answer to a query of what is left (BIZ-1), in the zone of the carrier.
func usageText(name string, u *carrier.QueryUsageResponse, zone *time.Location) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s（%s）", name, u.Month)
	for _, r := range u.Resources {
		fmt.Fprintf(&b, "\n%s：共%d，已用%d，剩余%d %s", resourceName(r.Type), r.Total, r.Used, r.Left, unitName(r.Unit))
	}
	fmt.Fprintf(&b, "\n统计时间：%s\n查询编号：%s", clockText(u.AsOf, zone), u.Receipt)
	return b.String()
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

func unitName(u string) string {
	switch u {
	case "minute":
		return "分钟"
	case "piece":
		return "条"
	}
	return u
}

func resourceName(t string) string {
	switch t {
	case "data":
		return "流量"
	case "voice":
		return "语音"
	case "sms":
		return "短信"
	}
	return t
}

func refusedText(name string, e *carrier.RefusedError) string {
	return fmt.Sprintf("%s查询未成功：%s", name, e.Desc)
}

func notHadText(name string) string {
	return fmt.Sprintf("很抱歉，您的%s查询未能完成，请稍后再试。", name)
}

func resultText(o Order) string {
	if o.State == StateDone {
		return fmt.Sprintf("您办理的%s已成功。", o.Name)
	}
	return fmt.Sprintf("您办理的%s未成功：%s", o.Name, o.Reason)
}
