package mockcarrier

import (
	"fmt"
	"strconv"

	"oalab/mockcarrier/ledger"
	"oalab/server/carrier"
)

// question is what the ledger and the book need to know of a request.
type question struct {
	serial, phone string
	code          string // product, package or campaign
	codeName      string // the element in which code is
	fen, mb       int64  // money into the balance, data
	effective     string
	text          string // what the phone shows
	ip            string
}

// body identifies what goes with the serial.
func (q question) body() uint64 {
	return digest(q.phone, q.code, strconv.FormatInt(q.fen, 10), strconv.FormatInt(q.mb, 10), q.effective, q.text)
}

// questionIn is the question of which an applied line is the answer.
func questionIn(l ledger.Entry) question {
	q := question{serial: l.Serial, phone: l.Phone, code: l.Code, mb: l.MB, effective: l.Effective, text: l.Text}
	if l.Op == carrier.OpTopUp { // of an order it is the price, which the request does not name
		q.fen = l.AmountFen
	}
	return q
}

func questionOf(r carrier.Request) question {
	switch r := r.(type) {
	case *carrier.QueryUsageRequest:
		return question{phone: r.Msisdn, ip: r.ClientIP}
	case *carrier.QueryBillDayRequest:
		return question{phone: r.Msisdn, ip: r.ClientIP}
	case *carrier.QueryBillMonthRequest:
		return question{phone: r.Msisdn, ip: r.ClientIP}
	case *carrier.QueryPackageRequest:
		return question{phone: r.Msisdn, ip: r.ClientIP}
	case *carrier.QueryPointsRequest:
		return question{phone: r.Msisdn, ip: r.ClientIP}
	case *carrier.QueryPointsHistoryRequest:
		return question{phone: r.Msisdn, ip: r.ClientIP}
	case *carrier.OrderProductRequest:
		return question{serial: r.Serial, phone: r.Msisdn, code: r.ProductCode, codeName: "ProductCode", effective: r.Effective, ip: r.ClientIP}
	case *carrier.QueryOrderRequest:
		return question{serial: r.Serial, ip: r.ClientIP}
	case *carrier.ChangePackageRequest:
		return question{
			serial: r.Serial, phone: r.Msisdn, code: r.PackageCode, codeName: "PackageCode", effective: r.Effective, ip: r.ClientIP,
		}
	case *carrier.RedeemDataRequest:
		return question{serial: r.Serial, phone: r.Msisdn, code: r.Campaign, codeName: "Campaign", mb: r.MB, ip: r.ClientIP}
	case *carrier.TopUpRequest:
		return question{serial: r.Serial, phone: r.Msisdn, fen: r.Fen, ip: r.ClientIP}
	case *carrier.QueryBalanceRequest:
		return question{phone: r.Msisdn, ip: r.ClientIP}
	case *carrier.CheckPasswordRequest: // a password is kept nowhere
		return question{phone: r.Msisdn, ip: r.ClientIP}
	case *carrier.QueryNumberRequest:
		return question{phone: r.Msisdn, ip: r.ClientIP}
	case *carrier.SendSMSRequest:
		return question{serial: r.Serial, phone: r.Msisdn, text: r.Text, ip: r.ClientIP}
	case *carrier.SendCodeRequest:
		return question{serial: r.Serial, phone: r.Msisdn, text: codeText(r.Code, r.Minutes), ip: r.ClientIP}
	}
	return question{}
}

// codeText is what the phone shows of a code.
func codeText(code string, minutes int64) string {
	return fmt.Sprintf("【运营商】您的验证码是%s，%d分钟内有效，请勿告诉他人。", code, minutes)
}
