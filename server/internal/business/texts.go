package business

import (
	"fmt"

	"oalab/server/carrier"
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

// trouble is a text about what could not be done.
type trouble struct{ when, text string }

// troubles are the texts about what could not be done that are not the carrier's refusals.
// docs/answers.md is made of them (TestAnswersPage).
func troubles() []trouble {
	return []trouble{
		{"no number is bound", textUnbound},
		{"no carrier is configured", textNotAvailable},
		{"a query was handed over and could not be answered", notHadText("剩余流量")},
		{"a query is refused: the reason is one of those below", fmt.Sprintf(textRefused, "剩余流量", "…")},
		{"an order is refused: the reason is one of those below", resultText(Order{State: StateFailed, Name: "5元流量月包", Reason: "…"})},
	}
}
