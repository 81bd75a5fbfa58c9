package mockcarrier

import (
	"slices"

	"oalab/server/carrier"
)

// The carriers of the numbering plan.
const (
	carrierMobile   = "mobile"
	carrierUnicom   = "unicom"
	carrierTelecom  = "telecom"
	carrierBroadnet = "broadnet"
	carrierVirtual  = "virtual"
)

// Carriers returns the carriers of which a Config may name one.
func Carriers() []string {
	return []string{carrierMobile, carrierUnicom, carrierTelecom, carrierBroadnet, carrierVirtual}
}

// prefixes are the first three digits of each carrier's numbers.
var prefixes = map[string][]string{
	carrierMobile: {
		"134", "135", "136", "137", "138", "139", "147", "148", "150", "151", "152", "157", "158", "159",
		"172", "178", "182", "183", "184", "187", "188", "195", "197", "198",
	},
	carrierUnicom:   {"130", "131", "132", "145", "146", "155", "156", "166", "175", "176", "185", "186", "196"},
	carrierTelecom:  {"133", "149", "153", "173", "177", "180", "181", "189", "190", "191", "193", "199"},
	carrierBroadnet: {"192"},
	carrierVirtual:  {"162", "165", "167", "170", "171"},
}

// region is where numbers are from.
type region struct{ province, city string }

var regions = []region{
	{"北京", "北京"},
	{"上海", "上海"},
	{"天津", "天津"},
	{"重庆", "重庆"},
	{"广东", "广州"},
	{"广东", "深圳"},
	{"广东", "东莞"},
	{"江苏", "南京"},
	{"江苏", "苏州"},
	{"浙江", "杭州"},
	{"浙江", "宁波"},
	{"福建", "福州"},
	{"福建", "厦门"},
	{"山东", "济南"},
	{"山东", "青岛"},
	{"河南", "郑州"},
	{"湖北", "武汉"},
	{"湖南", "长沙"},
	{"四川", "成都"},
	{"陕西", "西安"},
	{"辽宁", "沈阳"},
	{"辽宁", "大连"},
	{"黑龙江", "哈尔滨"},
	{"安徽", "合肥"},
	{"江西", "南昌"},
	{"云南", "昆明"},
	{"贵州", "贵阳"},
	{"广西", "南宁"},
}

// carrierOf returns whose a number of 11 digits is by its prefix, "" when no carrier has it.
func carrierOf(number string) string {
	for name, of := range prefixes {
		if slices.Contains(of, number[:3]) {
			return name
		}
	}
	return ""
}

// regionOf returns where a number of 11 digits is from: its first seven digits say so. It is
// the same for each seed.
func regionOf(number string) region {
	return regions[digest("region", number[:7])%uint64(len(regions))]
}

// own reports whether the carrier has the number: all numbers when no carrier is named.
func (c *Carrier) own(number string) bool {
	return c.cfg.Carrier == "" || carrierOf(number) == c.cfg.Carrier
}

// whose answers QueryNumber.
func (c *Carrier) whose(number string) *carrier.QueryNumberResponse {
	at, own := regionOf(number), "false"
	if c.own(number) {
		own = "true"
	}
	return &carrier.QueryNumberResponse{
		Result: carrier.ResultOf(carrier.CodeOK), Msisdn: number, Carrier: carrierOf(number), Own: own, Province: at.province, City: at.city,
	}
}

// isNumber reports whether a phone number has its 11 digits.
func isNumber(s string) bool { return len(s) == 11 && digits(s) }

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
