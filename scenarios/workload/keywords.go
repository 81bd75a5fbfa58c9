package workload

import "fmt"

// The ways in which a keyword meets a message, as the server's seed file names them.
const (
	matchEqual           = "equal"
	matchMessageContains = "message_contains"
	matchKeywordContains = "keyword_contains"
)

// keyword is an entry of the smart answer's table (SVC-1).
type keyword struct {
	word    string
	match   string
	answers []string
}

// keywords is the table of a carrier's account: what can be asked about, times what
// can be asked of it, spread evenly over the three ways to match.
func keywords() []keyword {
	topics := []string{
		"资费", "流量", "套餐", "话费", "账单", "积分", "宽带", "漫游", "彩铃", "短信", "来电显示", "停机", "复机", "充值", "缴费",
		"补卡", "换卡", "实名", "携号转网", "服务密码", "无线上网", "国际长途", "呼叫转移", "家庭网", "亲情号码", "靓号", "电子发票", "营业厅", "投诉", "手机合约",
	}
	asks := []string{"查询", "办理", "取消", "优惠", "说明", "价格", "时间", "地点", "范围", "流程", "条件", "热线"}
	matches := []string{matchEqual, matchMessageContains, matchKeywordContains}
	out := make([]keyword, 0, len(topics)*len(asks))
	for i, topic := range topics {
		for j, ask := range asks {
			k := keyword{word: topic + ask, match: matches[(i+j)%len(matches)]}
			for n := range 1 + (i*len(asks)+j)%3 {
				k.answers = append(k.answers, fmt.Sprintf("【%s】关于%s的第%d条答复：请登录网上营业厅，或在菜单中选择“%s”。", topic, topic+ask, n+1, topic))
			}
			out = append(out, k)
		}
	}
	return out
}
