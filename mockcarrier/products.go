package mockcarrier

import "slices"

// amounts are what is metered: data in MB, voice in minutes, texts, WLAN in minutes.
type amounts struct{ data, voice, sms, wlan int64 }

func (a amounts) plus(b amounts) amounts {
	return amounts{a.data + b.data, a.voice + b.voice, a.sms + b.sms, a.wlan + b.wlan}
}

// pack is a main package: a number has one.
type pack struct {
	code, name string
	fen        int64 // for a month
	amounts
}

// packages are all main packages.
var packages = []pack{
	{"M38", "38元畅享套餐", 3800, amounts{5 << 10, 100, 50, 300}},
	{"M58", "58元畅享套餐", 5800, amounts{10 << 10, 200, 100, 600}},
	{"M88", "88元畅享套餐", 8800, amounts{20 << 10, 300, 100, 1200}},
	{"M128", "128元畅享套餐", 12800, amounts{30 << 10, 500, 200, 3000}},
	{"M198", "198元畅享套餐", 19800, amounts{60 << 10, 1000, 300, 6000}},
}

func packageOf(code string) (pack, bool) {
	i := slices.IndexFunc(packages, func(p pack) bool { return p.code == code })
	if i < 0 {
		return pack{}, false
	}
	return packages[i], true
}

// product is what can be ordered beside the main package. Its amounts are added in each of
// its months, the one of the order and those that follow.
type product struct {
	code, name string
	fen        int64
	months     int
	amounts
	// excludedBy are main packages and products with which a number cannot have it.
	excludedBy []string
	// limit is how many of it a number can have at once; 0 is any number.
	limit int
}

// products are those that have a price and amounts. A code that is none of them is free and
// changes nothing at the subscriber.
var products = []product{
	{code: "DM5", name: "5元流量月包", fen: 500, months: 1, amounts: amounts{data: 300}},
	{code: "DM10", name: "10元流量月包", fen: 1000, months: 1, amounts: amounts{data: 1 << 10}},
	{code: "DM30", name: "30元流量月包", fen: 3000, months: 1, amounts: amounts{data: 5 << 10}},
	{code: "DQ60", name: "60元流量季包", fen: 6000, months: 3, amounts: amounts{data: 4 << 10}},
	{code: "DQ100", name: "100元流量季包", fen: 10000, months: 3, amounts: amounts{data: 10 << 10}, excludedBy: []string{"DS6"}, limit: 2},
	{code: "DS6", name: "6元夜间流量包", fen: 600, months: 1, amounts: amounts{data: 6 << 10}, excludedBy: []string{"M198", "DQ100"}, limit: 1},
	{code: "DS1", name: "1元流量日包", fen: 100, months: 1, amounts: amounts{data: 800}},
	{code: "SM5", name: "5元短信包", fen: 500, months: 1, amounts: amounts{sms: 80}},
	{code: "SM10", name: "10元短信包", fen: 1000, months: 1, amounts: amounts{sms: 200}},
	{code: "VM10", name: "10元语音包", fen: 1000, months: 1, amounts: amounts{voice: 100}},
	{code: "VM30", name: "30元语音包", fen: 3000, months: 1, amounts: amounts{voice: 400}},
	{code: "WM10", name: "10元WLAN包", fen: 1000, months: 1, amounts: amounts{wlan: 1200}},
	{code: "WM20", name: "20元WLAN包", fen: 2000, months: 1, amounts: amounts{wlan: 3600}},
}

func productOf(code string) (product, bool) {
	i := slices.IndexFunc(products, func(p product) bool { return p.code == code })
	if i < 0 {
		return product{}, false
	}
	return products[i], true
}
