package mockcarrier

import (
	"cmp"
	"fmt"
	"time"

	"oalab/server/carrier"
)

var well = carrier.ResultOf(carrier.CodeOK)

func answerUsage(x *exchange) carrier.Response {
	n, at, month := x.carrier.receipts.Add(1), time.Now().UTC(), asked[*carrier.QueryUsageRequest](x).Month
	return &carrier.QueryUsageResponse{
		Result:    well,
		Msisdn:    x.question.phone,
		Month:     month,
		AsOf:      at.Format(time.RFC3339Nano),
		Receipt:   fmt.Sprintf("U%X-%d", at.UnixNano(), n),
		Resources: x.subscriber().usage(month, at.In(zone), n),
	}
}

func answerBillDay(x *exchange) carrier.Response {
	text := asked[*carrier.QueryBillDayRequest](x).Day
	day, err := time.ParseInLocation(dayForm, text, zone)
	if err != nil {
		return carrier.Refuse(x.call.Operation, carrier.CodeBadDay, "")
	}
	items := x.subscriber().billDay(day)
	return &carrier.QueryBillDayResponse{Result: well, Msisdn: x.question.phone, Day: text, Fen: sum(items), Items: items}
}

func answerBillMonth(x *exchange) carrier.Response {
	text := asked[*carrier.QueryBillMonthRequest](x).Month
	first, err := time.ParseInLocation(monthForm, text, zone)
	if err != nil {
		return carrier.Refuse(x.call.Operation, carrier.CodeBadMonth, "")
	}
	items := x.subscriber().billMonth(first, time.Now().In(zone))
	return &carrier.QueryBillMonthResponse{Result: well, Msisdn: x.question.phone, Month: text, Fen: sum(items), Items: items}
}

func answerPackage(x *exchange) carrier.Response { return x.subscriber().describePackage(time.Now()) }

func answerPoints(x *exchange) carrier.Response { return x.subscriber().describePoints(time.Now()) }

func answerPointsHistory(x *exchange) carrier.Response {
	all := x.subscriber().pointsHistory(time.Now())
	most := min(int(asked[*carrier.QueryPointsHistoryRequest](x).Count), len(all))
	return &carrier.QueryPointsHistoryResponse{Result: well, Msisdn: x.question.phone, Changes: all[:most]}
}

func answerOrder(x *exchange) carrier.Response {
	serial := x.question.serial
	return &carrier.OrderProductResponse{Result: well, Serial: serial, OrderID: orderID(carrier.OpOrderProduct, serial)}
}

func answerState(x *exchange) carrier.Response {
	called := cmp.Or(asked[*carrier.QueryOrderRequest](x).Called, carrier.OpOrderProduct)
	state, refused := x.epoch.book.state(key{called, x.question.serial})
	response := &carrier.QueryOrderResponse{Result: well, Serial: x.question.serial, State: state, Refusal: refused}
	if state == carrier.StateApplied {
		response.OrderID = orderID(called, x.question.serial)
	}
	return response
}

// orderKinds begin the carrier's own numbers of orders.
var orderKinds = map[string]string{
	carrier.OpOrderProduct: "C", carrier.OpChangePackage: "P", carrier.OpRedeemData: "R", carrier.OpTopUp: "T",
}

// orderID is the carrier's own number of the order that an operation made under a serial.
func orderID(op, serial string) string { return number(orderKinds[op], serial) }

func answerChange(x *exchange) carrier.Response {
	serial := x.question.serial
	return &carrier.ChangePackageResponse{Result: well, Serial: serial, OrderID: orderID(carrier.OpChangePackage, serial)}
}

func answerRedeem(x *exchange) carrier.Response {
	serial := x.question.serial
	return &carrier.RedeemDataResponse{Result: well, Serial: serial, OrderID: orderID(carrier.OpRedeemData, serial)}
}

func answerTopUp(x *exchange) carrier.Response {
	serial := x.question.serial
	return &carrier.TopUpResponse{Result: well, Serial: serial, OrderID: orderID(carrier.OpTopUp, serial), Balance: x.subscriber().balance()}
}

func answerBalance(x *exchange) carrier.Response {
	return &carrier.QueryBalanceResponse{
		Result: well, Msisdn: x.question.phone, Balance: x.subscriber().balance(), AsOf: time.Now().In(zone).Format(time.RFC3339),
	}
}

func answerPassword(x *exchange) carrier.Response {
	return &carrier.CheckPasswordResponse{Result: well, Msisdn: x.question.phone, Left: int64(x.left)}
}

func answerNumber(x *exchange) carrier.Response { return x.carrier.whose(x.question.phone) }

func answerSMS(x *exchange) carrier.Response {
	serial := x.question.serial
	return &carrier.SendSMSResponse{Result: well, Serial: serial, MessageID: number("M", serial)}
}

func answerCode(x *exchange) carrier.Response {
	serial := x.question.serial
	return &carrier.SendCodeResponse{Result: well, Serial: serial, MessageID: number("V", serial)}
}
