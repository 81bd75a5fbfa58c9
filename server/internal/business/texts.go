package business

import (
	"fmt"

	"oalab/server/carrier"
	"oalab/server/internal/message"
)

// What followers read. Only textAccepted may contain "流水号：": by it a
// follower, and a checker, knows that an order was acknowledged.
const (
	textUnbound      = "您还没有绑定手机号码，请先绑定后再办理业务。"
	textNotAvailable = "该业务暂时无法办理，请稍后再试。"
	textAccepted     = "您的订单已受理，正在处理中。流水号：%s"
	textRefused      = "%s查询未成功：%s"
)

func acceptedText(serial string) string { return fmt.Sprintf(textAccepted, serial) }

func refusedText(name string, e *carrier.RefusedError) string {
	return fmt.Sprintf(textRefused, name, refusalWords(e.Code, e.Desc))
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

// Troubles are the texts about what could not be done: our own, and the carrier's refusals.
func Troubles() []message.Trouble {
	all := []message.Trouble{
		{When: "no number is bound", Text: textUnbound},
		{When: "no carrier is configured", Text: textNotAvailable},
		{When: "a query was handed over and could not be answered", Text: notHadText("剩余流量")},
		{When: "a query is refused: the reason is one of those below", Text: fmt.Sprintf(textRefused, "剩余流量", "…")},
		{When: "an order is refused: the reason is one of those below", Text: resultText(Order{State: StateFailed, Name: "5元流量月包", Reason: "…"})},
	}
	for _, c := range carrier.Codes() {
		if c.Final() {
			all = append(all, message.Trouble{When: "the carrier refuses with " + string(c) + " (" + c.Desc() + ")", Text: refusalWords(c, "")})
		}
	}
	return all
}
