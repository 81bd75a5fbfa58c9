package pay

import (
	"errors"
	"maps"
	"net/http"
	"slices"
)

// refusal is how the platform says no: an HTTP status, a code and a text.
type refusal struct {
	status  int
	code    string
	message string
}

// The answers that no rule gives.
var (
	codeSystem     = refusal{http.StatusInternalServerError, "SYSTEM_ERROR", "系统异常，请稍后重试"}
	codeNoResource = refusal{http.StatusNotFound, "RESOURCE_NOT_EXISTS", "请求的资源不存在"}
)

func paramError(message string) refusal {
	return refusal{http.StatusBadRequest, "PARAM_ERROR", message}
}

func signError(message string) refusal {
	return refusal{http.StatusUnauthorized, "SIGN_ERROR", message}
}

func invalidRequest(message string) refusal {
	return refusal{http.StatusBadRequest, "INVALID_REQUEST", message}
}

// refusals are the rules by name, each with how a call that breaks it is refused (MOCKW-5).
// The codes of orders and closing are those of the platform's pages. Some codes are our
// choice, because those pages do not settle them: NO_AUTH, ORDERPAID, OUT_TRADE_NO_USED and
// those of refunds. For every rule there is a wrong client in wrongpay_test.go.
var refusals = map[string]refusal{
	// every call
	"pay-authorization": signError("Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》"),
	"pay-merchant":      {http.StatusBadRequest, "MCH_NOT_EXISTS", "商户号不存在"},
	"pay-serial":        signError("商户证书序列号有误"),
	"pay-timestamp":     signError("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"),
	"pay-signature":     signError("签名错误，请检查后再试"),
	"pay-json":          paramError("输入源“/body”映射到数据类型时出错"),
	"pay-mchid":         {http.StatusForbidden, "NO_AUTH", "商户号与签名的商户号不一致"},
	// orders
	"pay-appid":        {http.StatusBadRequest, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配"},
	"pay-out-trade-no": paramError("商户订单号out_trade_no：6至32个字符，只能是数字、大小写字母_-*"),
	"pay-description":  paramError("商品描述description：1至127个字符"),
	"pay-attach":       paramError("附加数据attach：不超过128个字符"),
	"pay-notify-url":   paramError("通知地址notify_url：必须为可访问的URL，不能携带参数，不超过255个字符"),
	"pay-total":        paramError("订单总金额total：大于0的整数，单位为分"),
	"pay-currency":     paramError("货币类型currency：CNY"),
	"pay-expire":       paramError("交易结束时间time_expire：遵循rfc3339标准格式，晚于当前时间"),
	"pay-openid-none":  paramError("JSAPI支付必须传openid"),
	"pay-openid":       {http.StatusInternalServerError, "OPENID_MISMATCH", "appid和openid不匹配"},
	"pay-paid":         {http.StatusBadRequest, "ORDERPAID", "该订单已支付"},
	"pay-closed":       {http.StatusBadRequest, "ORDER_CLOSED", "订单已关闭"},
	"pay-changed":      {http.StatusForbidden, "OUT_TRADE_NO_USED", "商户订单号重复"},
	"pay-order":        {http.StatusNotFound, "ORDER_NOT_EXIST", "订单不存在"},
	// refunds
	"pay-refund-no":      paramError("商户退款单号out_refund_no：1至64个字符，只能是数字、大小写字母_-|*@"),
	"pay-refund-which":   paramError("微信订单号transaction_id和商户订单号out_trade_no二选一"),
	"pay-refund-amount":  paramError("退款金额refund：大于0的整数，单位为分"),
	"pay-refund-order":   {http.StatusNotFound, "RESOURCE_NOT_EXISTS", "订单不存在"},
	"pay-refund-unpaid":  invalidRequest("订单未支付"),
	"pay-refund-total":   invalidRequest("订单金额与原订单不一致"),
	"pay-refund-sum":     invalidRequest("申请退款金额大于订单可退金额"),
	"pay-refund-count":   invalidRequest("订单部分退款次数超过50次"),
	"pay-refund-changed": invalidRequest("订单金额或退款金额与之前请求不一致，请核实后再试"),
	"pay-refund":         {http.StatusNotFound, "RESOURCE_NOT_EXISTS", "退款单不存在"},
	// bills
	"pay-bill-date":     paramError("账单日期bill_date：格式yyyy-MM-DD"),
	"pay-bill-type":     paramError("账单类型bill_type：ALL、SUCCESS、REFUND"),
	"pay-bill-account":  paramError("资金账户类型account_type：BASIC、OPERATION、FEES"),
	"pay-bill-tar":      paramError("压缩类型tar_type：GZIP"),
	"pay-bill-range":    invalidRequest("账单日期bill_date：仅支持三个月内的账单下载申请"),
	"pay-bill-creating": {http.StatusBadRequest, "STATEMENT_CREATING", "账单生成中"},
	"pay-bill-none":     {http.StatusBadRequest, "NO_STATEMENT_EXIST", "账单文件不存在"},
	"pay-bill-token":    invalidRequest("请按第一步申请账单的API指引，重新获取账单地址后再请求"),
	"pay-bill-other":    {http.StatusForbidden, "NO_AUTH", "本次请求的商户与申请账单的商户不一致"},
}

// Rules are the names of all rules by which calls are refused, sorted.
func Rules() []string { return slices.Sorted(maps.Keys(refusals)) }

// IsRule says whether a rule has that name.
func IsRule(name string) bool { _, ok := refusals[name]; return ok }

// RefusalOf is the status and the code of a rule, and 0 when no rule has that name.
func RefusalOf(rule string) (status int, code string) {
	r := refusals[rule]
	return r.status, r.code
}

var errNoRule = errors.New("no such rule")

// breaks notes that a call breaks a rule and reports it. A rule that is not enforced is
// never broken.
func (c *call) breaks(rule string, broken bool) bool {
	if !broken || c.s.lenient[rule] {
		return false
	}
	if !IsRule(rule) {
		panic(errNoRule) // a mistake in this package
	}
	c.rule = rule
	return true
}

// refusal is the answer to the rule that is broken.
func (c *call) refusal() answer { return refuse(refusals[c.rule]) }
