package bind

import (
	"fmt"
	"time"

	"oalab/server/internal/message"
	"oalab/server/wechat"
)

// What followers read.
const (
	textHelp           = "请回复“绑定 手机号码”获取短信验证码，或回复“绑定 手机号码 服务密码”直接绑定。回复“解绑”解除绑定。"
	textBadNumber      = "手机号码有误，请回复“绑定 11位手机号码”。"
	textNoSuchNumber   = "该手机号码不存在，请核对后再试。"
	textAway           = "暂时无法绑定，请稍后再试。"
	textNotSent        = "验证码发送失败，请稍后再试。"
	textPerhapsSent    = "验证码可能稍后才能收到。收到后请直接回复6位数字；如未收到，请稍后重新获取。"
	textTooMany        = "获取验证码次数过多，请一小时后再试。"
	textExpired        = "验证码已过期，请回复“绑定 手机号码”重新获取。"
	textPasswordLocked = "服务密码输错次数过多，已被锁定，请24小时后再试或使用短信验证码绑定。"
	textOtherCarrier   = "该号码不是本网号码，请使用短信验证码绑定。"
	textNotBound       = "您当前没有绑定手机号码。"
	textEnded          = "您的手机号码已解除绑定。"
)

// hidden shows who has the number only to those who know it.
func hidden(phone string) string { return phone[:3] + "****" + phone[7:] }

func sentText(phone string, life time.Duration) string {
	return fmt.Sprintf("验证码已发送至%s，%d分钟内有效，请直接回复6位数字。", hidden(phone), life/time.Minute)
}

func boundText(phone string) string {
	return fmt.Sprintf("绑定成功，您的号码是%s。", hidden(phone))
}

func wrongText(left int) string {
	return fmt.Sprintf("验证码错误，还可以再试%d次。", left)
}

func wrongPasswordText(left int64) string {
	return fmt.Sprintf("服务密码错误，还可以再试%d次。", left)
}

func lockedText(lock time.Duration) string {
	return fmt.Sprintf("验证码错误次数过多，请%d分钟后再试。", lock/time.Minute)
}

func tooSoonText(gap time.Duration) string {
	return fmt.Sprintf("操作过于频繁，请%d秒后再试。", gap/time.Second)
}

// textOf is the text of a reply that is one.
func textOf(r message.Reply) string {
	text, _ := r.Show.(wechat.TextReply)
	return text.Content
}

// Troubles are the texts about what could not be done.
func Troubles() []message.Trouble {
	l := DefaultSettings().Limits()
	return []message.Trouble{
		{When: "binding: not a mobile number", Text: textBadNumber},
		{When: "binding: no carrier has the prefix", Text: textNoSuchNumber},
		{When: "binding: no carrier is configured, or the carrier does not answer", Text: textAway},
		{When: "binding: the carrier does not send the code", Text: textNotSent},
		{When: "binding: the carrier does not say whether it sent the code", Text: textPerhapsSent},
		{When: "binding: an attempt just before", Text: tooSoonText(l.Gap)},
		{When: "binding: too many attempts of the follower or for the number", Text: textTooMany},
		{When: "binding: a wrong code", Text: wrongText(l.Wrong - 1)},
		{When: "binding: too many wrong codes", Text: lockedText(l.Lock)},
		{When: "binding: a code that is too late", Text: textExpired},
		{When: "binding: a wrong service password", Text: wrongPasswordText(2)},
		{When: "binding: too many wrong service passwords", Text: textPasswordLocked},
		{When: "binding: a service password of another carrier's number", Text: textOtherCarrier},
		{When: "the end of a binding that is not there", Text: textNotBound},
	}
}
