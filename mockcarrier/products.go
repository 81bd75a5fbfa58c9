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
}

// products are those that have a price and amounts. A code that is none of them is free and
// changes nothing at the subscriber.
var products = []product{
	{"DM5", "5元流量月包", 500, 1, amounts{data: 300}},
	{"DM10", "10元流量月包", 1000, 1, amounts{data: 1 << 10}},
	{"DM30", "30元流量月包", 3000, 1, amounts{data: 5 << 10}},
	{"DQ60", "60元流量季包", 6000, 3, amounts{data: 4 << 10}},
	{"DQ100", "100元流量季包", 10000, 3, amounts{data: 10 << 10}},
	{"DS6", "6元夜间流量包", 600, 1, amounts{data: 6 << 10}},
	{"DS1", "1元流量日包", 100, 1, amounts{data: 800}},
	{"SM5", "5元短信包", 500, 1, amounts{sms: 80}},
	{"SM10", "10元短信包", 1000, 1, amounts{sms: 200}},
	{"VM10", "10元语音包", 1000, 1, amounts{voice: 100}},
	{"VM30", "30元语音包", 3000, 1, amounts{voice: 400}},
	{"WM10", "10元WLAN包", 1000, 1, amounts{wlan: 1200}},
	{"WM20", "20元WLAN包", 2000, 1, amounts{wlan: 3600}},
}

func productOf(code string) (product, bool) {
	i := slices.IndexFunc(products, func(p product) bool { return p.code == code })
	if i < 0 {
		return product{}, false
	}
	return products[i], true
}
