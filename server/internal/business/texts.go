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

	textSoldOut  = "%s已售罄，暂时无法办理。"
	textLimit    = "%s每个号码限办%d次，您的号码已达到上限。"
	textExcluded = "您的号码已办理与%s互斥的业务，无法同时办理。"

	textStale    = "您的选择已过期，请重新进入菜单后再选择。"
	textGone     = "该菜单已下线，请重新进入菜单后再选择。"
	textChanged  = "业务内容已更新，请重新选择。"
	textNoChoice = "没有编号%d，请重新选择。"
	textUsed     = "该选择已办理过，如需再次办理请重新进入菜单。"

	textNoOrders         = "您还没有订单。"
	textNoSuchOrder      = "没有找到该订单，请核对订单号。"
	textCancelReason     = "您已取消。"
	textCancelled        = "已为您取消%s，订单号%s。"
	textTooLate          = "%s已提交运营商办理，无法取消。"
	textTooLateEnded     = "%s已办理完毕（%s），无法取消。"
	textDataNotCancelled = "流量兑换无法取消。"

	textGivenBack         = "您办理的%s未成功：%s您支付的款项将原路退回。"
	textMoneyNotCancelled = "话费充值已支付，无法取消。"
)

func cancelledText(o Order) string { return fmt.Sprintf(textCancelled, o.Name, o.Serial) }

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
	if o.Kind == OrderOfMoney {
		return fmt.Sprintf(textGivenBack, o.Name, o.Reason)
	}
	return fmt.Sprintf("您办理的%s未成功：%s", o.Name, o.Reason)
}

func orderTroubles() []message.Trouble {
	const name = "5元流量月包"
	return []message.Trouble{
		{When: "an order: the catalogue says that it is sold out", Text: fmt.Sprintf(textSoldOut, name)},
		{When: "an order: the number has as many as it can have", Text: fmt.Sprintf(textLimit, name, 1)},
		{When: "an order: the number has ordered what excludes it", Text: fmt.Sprintf(textExcluded, name)},
		{When: "a choice by number comes too late", Text: textStale},
		{When: "a choice by number: the page is not in the catalogue any more", Text: textGone},
		{When: "a choice by number: the page has changed; the new one follows", Text: textChanged},
		{When: "a choice by number: there is none of this number; the page follows", Text: fmt.Sprintf(textNoChoice, 9)},
		{When: "a choice by number: the order of this page was made", Text: textUsed},
		{When: "own orders: there are none", Text: textNoOrders},
		{When: "cancelling: the follower has no such order", Text: textNoSuchOrder},
		{When: "cancelling: the carrier has it", Text: fmt.Sprintf(textTooLate, name)},
		{When: "cancelling: it is finished", Text: fmt.Sprintf(textTooLateEnded, name, "已成功")},
		{When: "cancelling: it is data that was redeemed", Text: textDataNotCancelled},
		{When: "cancelling: it is a top-up", Text: textMoneyNotCancelled},
		{When: "a top-up is refused: the reason is one of those below", Text: fmt.Sprintf(textGivenBack, "话费充值50元", "…")},
	}
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
	all = append(all, orderTroubles()...)
	for _, c := range carrier.Codes() {
		if c.Final() {
			all = append(all, message.Trouble{When: "the carrier refuses with " + string(c) + " (" + c.Desc() + ")", Text: refusalWords(c, "")})
		}
	}
	return all
}
