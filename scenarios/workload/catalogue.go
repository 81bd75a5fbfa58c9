package workload

import "fmt"

// product is a business code of the seed data: a query or an order.
type product struct {
	code      string
	name      string
	commands  []string // what a follower types, exactly
	menuKey   string
	operation string // of a query: what is asked of the carrier
}

// queries are the business queries (BIZ-3). The carrier has one operation for them
// so far.
func queries() []product {
	q := func(code, name, key string, commands ...string) product {
		return product{code: code, name: name, commands: commands, menuKey: key, operation: "QueryUsage"}
	}
	return []product{
		q("1.1", "话费余额", "Q_FEE", "CXHF", "查话费"),
		q("1.2", "套餐余量", "Q_PLAN", "CXTC", "查套餐"),
		q("1.3", "剩余流量", "Q_DATA", "CXLL", "查流量"),
		q("1.4", "本月账单", "Q_BILL", "CXZD", "查账单"),
		q("1.5", "可用积分", "Q_POINTS", "CXJF", "查积分"),
		q("1.6", "已订业务", "Q_ORDERED", "CXYW", "查业务"),
	}
}

// orders are the 20 products that can be ordered (BIZ-4). The carrier knows each by
// its business code, so the plan's codes can be held against the carrier's ledger.
func orders() []product {
	var out []product
	group := func(group int, unit, letters string, prices ...int) {
		for i, yuan := range prices {
			out = append(out, product{
				code:     fmt.Sprintf("2.%d.%d", group, i+1),
				name:     fmt.Sprintf("%d元%s", yuan, unit),
				commands: []string{fmt.Sprintf("KT%s%d", letters, yuan), fmt.Sprintf("开通%d元%s", yuan, unit)},
				menuKey:  fmt.Sprintf("O_%s_%d", letters, yuan),
			})
		}
	}
	group(1, "流量月包", "LL", 5, 10, 20, 30, 50, 70, 100)
	group(2, "流量季包", "JB", 30, 60, 90, 150, 210)
	group(3, "短信包", "DX", 5, 10, 20, 30)
	group(4, "WLAN包", "WL", 10, 20, 30, 50)
	return out
}
