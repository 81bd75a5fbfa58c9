package business

import (
	"cmp"

	"oalab/server/carrier"
)

// refusals are what followers read of the carrier's refusals, by result code.
var refusals = map[carrier.Code]string{
	carrier.CodeBadNumber:      "手机号码有误，请重新绑定后再试。",
	carrier.CodeUnknownProduct: "该产品不存在或已下架。",
	carrier.CodeSerialReused:   "流水号已被使用，请重新办理。",
	carrier.CodeBadMonth:       "月份有误。",
	carrier.CodeBadText:        "短信内容过长。",
	carrier.CodeOtherCarrier:   "您绑定的不是本网号码，无法办理该业务。",
	carrier.CodeBadDay:         "日期有误。",
	carrier.CodeNoBill:         "该时间没有账单，只能查询最近6个月。",
	carrier.CodeBadAmount:      "数量或金额超出范围。",
	carrier.CodeNoMoney:        "话费余额不足，请充值后再办理。",
	carrier.CodeUnknownPackage: "该套餐不存在或已下架。",
	carrier.CodeSamePackage:    "您正在使用该套餐，无需再次办理。",
	carrier.CodeWrongPassword:  "服务密码错误。",
	carrier.CodeLocked:         "服务密码输错次数过多，已被锁定，请24小时后再试。",
	carrier.CodeBadCode:        "验证码格式有误。",
	carrier.CodeSoldOut:        "该产品已售罄。",
	carrier.CodeExcluded:       "与您正在使用的套餐或业务互斥，无法办理。",
	carrier.CodeLimit:          "您的号码办理该产品已达到上限。",
	carrier.CodeBadInput:       "请求有误，请联系客服。",
}

// refusalWords are what followers read of a refusal. A code that is not known has the
// carrier's own words.
func refusalWords(c carrier.Code, desc string) string {
	return cmp.Or(refusals[c], desc, "运营商未受理（"+string(c)+"）。")
}
