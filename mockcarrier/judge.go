package mockcarrier

import (
	"slices"
	"time"
	"unicode/utf8"

	"oalab/server/carrier"
)

// between is CodeOK for a number within bounds.
func between(n, low, high int64) carrier.Code {
	if n < low || n > high {
		return carrier.CodeBadAmount
	}
	return carrier.CodeOK
}

func goodMonth(x *exchange) carrier.Code {
	if _, err := time.Parse(monthForm, asked[*carrier.QueryUsageRequest](x).Month); err != nil {
		return carrier.CodeBadMonth
	}
	return carrier.CodeOK
}

func billedDay(x *exchange) carrier.Code {
	day, err := time.ParseInLocation(dayForm, asked[*carrier.QueryBillDayRequest](x).Day, zone)
	switch {
	case err != nil:
		return carrier.CodeBadDay
	case !billed(day, time.Now().In(zone)):
		return carrier.CodeNoBill
	}
	return carrier.CodeOK
}

func billedMonth(x *exchange) carrier.Code {
	month, err := time.ParseInLocation(monthForm, asked[*carrier.QueryBillMonthRequest](x).Month, zone)
	switch {
	case err != nil:
		return carrier.CodeBadMonth
	case !billed(month, time.Now().In(zone)):
		return carrier.CodeNoBill
	}
	return carrier.CodeOK
}

func goodCount(x *exchange) carrier.Code {
	return between(asked[*carrier.QueryPointsHistoryRequest](x).Count, 1, maxHistory)
}

func knownProduct(x *exchange) carrier.Code {
	if known := x.carrier.products; len(known) > 0 && !known[x.question.code] {
		return carrier.CodeUnknownProduct
	}
	if e := x.question.effective; e != "" && e != carrier.EffectiveNow && e != carrier.EffectiveNextMonth {
		return carrier.CodeBadInput
	}
	if gone := x.carrier.soldOut.Load(); gone != nil && slices.Contains(*gone, x.question.code) {
		return carrier.CodeSoldOut
	}
	return carrier.CodeOK
}

// knownCalled: the state of what has no number of an order is not asked for.
func knownCalled(x *exchange) carrier.Code {
	orders := []string{"", carrier.OpOrderProduct, carrier.OpChangePackage, carrier.OpRedeemData, carrier.OpTopUp}
	if !slices.Contains(orders, asked[*carrier.QueryOrderRequest](x).Called) {
		return carrier.CodeBadInput
	}
	return carrier.CodeOK
}

func knownPackage(x *exchange) carrier.Code {
	if _, ok := packageOf(x.question.code); !ok {
		return carrier.CodeUnknownPackage
	}
	if e := x.question.effective; e != carrier.EffectiveNow && e != carrier.EffectiveNextMonth {
		return carrier.CodeBadInput
	}
	return carrier.CodeOK
}

func goodData(x *exchange) carrier.Code { return between(x.question.mb, 1, maxRedeem) }

func goodMoney(x *exchange) carrier.Code { return between(x.question.fen, minTopUp, maxTopUp) }

func rightPassword(x *exchange) (code carrier.Code) {
	code, x.left = x.epoch.accounts.checkPassword(x.question.phone, asked[*carrier.CheckPasswordRequest](x).Password, time.Now())
	return code
}

func goodText(x *exchange) carrier.Code {
	if utf8.RuneCountInString(x.question.text) > maxText {
		return carrier.CodeBadText
	}
	return carrier.CodeOK
}

func goodCode(x *exchange) carrier.Code {
	r := asked[*carrier.SendCodeRequest](x)
	if len(r.Code) < 4 || len(r.Code) > 8 || !digits(r.Code) {
		return carrier.CodeBadCode
	}
	return between(r.Minutes, 1, maxMinutes)
}
