package business

import (
	"errors"
	"strings"
	"testing"
	"time"

	"oalab/server/carrier"
)

func catalogueOf(t *testing.T, codes ...Code) *catalogue {
	t.Helper()
	for i := range codes {
		codes[i].Account = "demo"
	}
	c, err := newCatalogue(codes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func product(code, product string, terms Terms) Code {
	return Code{Code: code, Sort: SortOrder, Name: product, Commands: []string{product}, Product: product, Terms: terms}
}

// TestConditions: what a number can have, by what it has ordered and when (BIZ-1).
func TestConditions(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("CST", 8*3600)
	now := time.Date(2026, 11, 30, 20, 0, 0, 0, zone)
	at := func(month time.Month, day int) time.Time { return time.Date(2026, month, day, 12, 0, 0, 0, zone) }
	c := catalogueOf(t,
		product("1", "MONTH", Terms{Limit: 2}),
		product("2", "QUARTER", Terms{Months: 3, Limit: 1}),
		product("3", "NIGHT", Terms{Excludes: []string{"2"}}),
		product("4", "FREE", Terms{}),
	)
	for name, tt := range map[string]struct {
		code string
		held []Held
		want error
	}{
		"nothing held":                     {"1", nil, nil},
		"one of two":                       {"1", []Held{{"MONTH", "", at(11, 1)}}, nil},
		"two of two":                       {"1", []Held{{"MONTH", "", at(11, 1)}, {"MONTH", "", at(11, 30)}}, errLimit},
		"last month's have ended":          {"1", []Held{{"MONTH", "", at(10, 31)}, {"MONTH", "", at(10, 31)}}, nil},
		"last month's begin now":           {"1", []Held{{"MONTH", carrier.EffectiveNextMonth, at(10, 31)}, {"MONTH", "", at(11, 2)}}, errLimit},
		"a quarter lasts":                  {"2", []Held{{"QUARTER", "", at(9, 1)}}, errLimit},
		"a quarter has ended":              {"2", []Held{{"QUARTER", "", at(8, 31)}}, nil},
		"excluded":                         {"3", []Held{{"QUARTER", "", at(9, 1)}}, errExcluded},
		"excluded by what has ended":       {"3", []Held{{"QUARTER", "", at(8, 31)}}, nil},
		"excluded the other way round":     {"2", []Held{{"NIGHT", "", at(11, 1)}}, errExcluded},
		"exclusion is said before a limit": {"2", []Held{{"NIGHT", "", at(11, 1)}, {"QUARTER", "", at(11, 1)}}, errExcluded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cond := c.condition(c.codes[trigger{"demo", tt.code}], now, zone)
			for _, h := range tt.held {
				if h.Created.Before(cond.Since) && tt.want != nil {
					t.Errorf("%v is before %v, from which on orders are read", h.Created, cond.Since)
				}
			}
			if err := cond.Judge(tt.held); !errors.Is(err, tt.want) {
				t.Errorf("judged as %v, want %v", err, tt.want)
			}
		})
	}
	if cond := c.condition(c.codes[trigger{"demo", "4"}], now, zone); cond != nil {
		t.Errorf("a code without terms has the condition %+v", cond)
	}
}

// TestCatalogueIsJudged: each mistake of a catalogue is named with its code.
func TestCatalogueIsJudged(t *testing.T) {
	t.Parallel()
	menu := func(code string) Code {
		return Code{Code: code, Sort: SortMenu, Name: "办理", Commands: []string{"办理" + code}}
	}
	for name, tt := range map[string]struct {
		codes []Code
		want  string
	}{
		"under no menu":            {[]Code{{Code: "2.1", Sort: SortOrder, Name: "x", Product: "P"}}, `business code 2.1: neither a command nor a menu key asks for it, and there is no menu "2"`},
		"empty menu":               {[]Code{menu("2")}, "business code 2: nothing is under this menu"},
		"menu with a product":      {[]Code{{Code: "2", Sort: SortMenu, Name: "x", Commands: []string{"x"}, Product: "P"}}, "neither an operation nor a product"},
		"menu without a number":    {[]Code{{Code: "two", Sort: SortMenu, Name: "x", Commands: []string{"x"}}}, "numbers with dots"},
		"unknown effect":           {[]Code{product("2", "P", Terms{Effect: "soon"})}, `effect "soon" is none of now, next`},
		"price below 0":            {[]Code{product("2", "P", Terms{Fen: -1})}, "price -1"},
		"limit below 0":            {[]Code{product("2", "P", Terms{Limit: -1})}, "limit -1"},
		"months":                   {[]Code{product("2", "P", Terms{Months: 37})}, "months 37"},
		"excludes itself":          {[]Code{product("2", "P", Terms{Excludes: []string{"2"}})}, "excludes itself"},
		"excludes what is unknown": {[]Code{product("2", "P", Terms{Excludes: []string{"9"}})}, `excludes "9", which is no code of kind order`},
		"a query with a price":     {[]Code{{Code: "1", Sort: SortQuery, Name: "x", Commands: []string{"x"}, Operation: "QueryUsage", Terms: Terms{Fen: 1}}}, "not of kind query"},
		"a package with a limit":   {[]Code{{Code: "2", Sort: SortPackage, Name: "x", Commands: []string{"x"}, Product: "M58", Terms: Terms{Limit: 1}}}, "a number has one main package"},
		"an own word":              {[]Code{{Code: "2", Sort: SortOrder, Name: "x", Commands: []string{"我的订单"}, Product: "P"}}, "asks for a follower's own orders"},
		"a long page": {func() []Code {
			all := []Code{menu("2")}
			for i := range 40 {
				all = append(all, Code{Code: "2." + string(rune('1'+i%9)) + strings.Repeat("0", i/9), Sort: SortOrder, Name: strings.Repeat("长", 40), Product: "P"})
			}
			return all
		}(), "longer than the platform shows"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i := range tt.codes {
				tt.codes[i].Account = "demo"
			}
			err := CheckCatalogue(tt.codes)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !errors.As(err, new(*CodeError)) {
				t.Errorf("judged as %v, want %q", err, tt.want)
			}
		})
	}
}

// TestPages: a page offers what is under its level in the order of the numbers, with prices.
func TestPages(t *testing.T) {
	t.Parallel()
	c := catalogueOf(t,
		Code{Code: "2", Sort: SortMenu, Name: "业务办理", Commands: []string{"业务办理"}},
		Code{Code: "2.1", Sort: SortMenu, Name: "流量包"},
		Code{Code: "2.1.10", Sort: SortOrder, Name: "百元包", Product: "D100", Terms: Terms{Fen: 10000, SoldOut: true}},
		Code{Code: "2.1.9", Sort: SortOrder, Name: "季包", Product: "DQ60", Terms: Terms{Fen: 6000, Months: 3, Limit: 2}},
		Code{Code: "2.2", Sort: SortPackage, Name: "58元套餐", Product: "M58", Terms: Terms{Fen: 5800, Effect: carrier.EffectiveNextMonth}},
	)
	for code, want := range map[string]string{
		"2":     "业务办理\n1 流量包\n2 58元套餐 58.00元\n请回复数字选择，10分钟内有效。",
		"2.1":   "流量包\n1 季包 60.00元\n2 百元包 100.00元（已售罄）\n请回复数字选择，回复0返回，10分钟内有效。",
		"2.1.9": "季包\n价格：60.00元\n生效：立即\n有效期：3个月\n每个号码限办2次\n回复1确认办理，回复0返回，10分钟内有效。",
		"2.2":   "58元套餐\n价格：58.00元\n生效：下月1日\n回复1确认办理，回复0返回，10分钟内有效。",
	} {
		if got := c.page(c.codes[trigger{"demo", code}], 10*time.Minute); got != want {
			t.Errorf("page of %s:\n%s\nwant\n%s", code, got, want)
		}
	}
}

// FuzzChoices: what is read as a choice is a number of one or two digits.
func FuzzChoices(f *testing.F) {
	for _, text := range []string{"1", "０２", " 50 ", "100", "", "1.", "-1", "一"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if n, ok := choiceOf(text); ok && (n < 0 || n > 99) || !ok && n != 0 {
			t.Errorf("%q is the choice %d, %t", text, n, ok)
		}
		if word, serial, ok := ownWord(text); ok && serial != "" && (word != wordCancel || len(serial) != serialLength) {
			t.Errorf("%q names the order %q", text, serial)
		}
	})
}
