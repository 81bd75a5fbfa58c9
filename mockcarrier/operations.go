package mockcarrier

import (
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"oalab/chaos/upstream"
	"oalab/mockcarrier/ledger"
	"oalab/server/carrier"
)

// maxText is the longest text of a message, in characters.
const maxText = 500

// question is what the ledger and the book need to know of a request.
type question struct {
	serial, phone, code string
	body                uint64 // digest of what goes with the serial
	effect              bool   // the operation changes something
}

func questionOf(r carrier.Request) question {
	switch r := r.(type) {
	case *carrier.QueryUsageRequest:
		return question{phone: r.Msisdn}
	case *carrier.OrderProductRequest:
		return question{serial: r.Serial, phone: r.Msisdn, code: r.ProductCode, body: digest(r.Msisdn, r.ProductCode), effect: true}
	case *carrier.QueryOrderRequest:
		return question{serial: r.Serial}
	case *carrier.SendSMSRequest:
		return question{serial: r.Serial, phone: r.Msisdn, body: digest(r.Msisdn, r.Text), effect: true}
	}
	return question{}
}

// perform carries out an operation. A refusal other than CodeOK is answered in
// its place; the errors are those of the ledger.
func (x *exchange) perform(hold *claim, refusal carrier.Code) (carrier.Response, error) {
	if refusal == carrier.CodeOK {
		refusal = x.judge()
	}
	switch request := x.call.Request.(type) {
	case *carrier.QueryUsageRequest:
		code, err := x.readOnly(refusal)
		if code != carrier.CodeOK || err != nil {
			return &carrier.QueryUsageResponse{Result: carrier.ResultOf(code)}, err
		}
		return x.usage(request), nil
	case *carrier.QueryOrderRequest:
		// The state is read before the line is written: it is as old as its line.
		state, refused := x.epoch.book.state(key{carrier.OpOrderProduct, request.Serial})
		code, err := x.readOnly(refusal)
		if code != carrier.CodeOK || err != nil {
			return &carrier.QueryOrderResponse{Result: carrier.ResultOf(code)}, err
		}
		response := &carrier.QueryOrderResponse{Result: carrier.ResultOf(code), Serial: request.Serial, State: state, Refusal: refused}
		if state == carrier.StateApplied {
			response.OrderID = number("C", request.Serial)
		}
		return response, nil
	case *carrier.OrderProductRequest:
		code, err := x.effect(hold, refusal)
		response := &carrier.OrderProductResponse{Result: carrier.ResultOf(code), Serial: request.Serial}
		if code == carrier.CodeOK {
			response.OrderID = number("C", request.Serial)
		}
		return response, err
	case *carrier.SendSMSRequest:
		code, err := x.effect(hold, refusal)
		response := &carrier.SendSMSResponse{Result: carrier.ResultOf(code), Serial: request.Serial}
		if code == carrier.CodeOK {
			response.MessageID = number("M", request.Serial)
		}
		return response, err
	}
	return nil, fmt.Errorf("the operation %s is described and not built", x.call.Operation)
}

// judge applies the business rules to a request.
func (x *exchange) judge() carrier.Code {
	if x.question.phone != "" && !isNumber(x.question.phone) {
		return carrier.CodeBadNumber
	}
	switch request := x.call.Request.(type) {
	case *carrier.QueryUsageRequest:
		if _, err := time.Parse("200601", request.Month); err != nil {
			return carrier.CodeBadMonth
		}
	case *carrier.OrderProductRequest:
		if known := x.carrier.products; len(known) > 0 && !known[request.ProductCode] {
			return carrier.CodeUnknownProduct
		}
	case *carrier.SendSMSRequest:
		if utf8.RuneCountInString(request.Text) > maxText {
			return carrier.CodeBadText
		}
	}
	return carrier.CodeOK
}

// isNumber reports whether a phone number has its 11 digits.
func isNumber(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) == 11
}

// readOnly notes an operation that changes nothing, or its refusal.
func (x *exchange) readOnly(refusal carrier.Code) (carrier.Code, error) {
	effect := ledger.EffectNone
	if refusal.Final() {
		effect = ledger.EffectRefused
	}
	return refusal, x.note(effect, x.decision.Label())
}

// effect applies or refuses an operation with a serial and settles its claim.
func (x *exchange) effect(hold *claim, refusal carrier.Code) (carrier.Code, error) {
	write := func(effect ledger.Effect) error { return x.note(effect, x.decision.Label()) }
	switch {
	case hold == nil, !refusal.Final() && refusal != carrier.CodeOK:
		hold.drop() // the serial is not touched
		return x.readOnly(refusal)
	case refusal != carrier.CodeOK:
		return hold.refuse(refusal, x.dedup(), write)
	}
	times := 1
	if x.decision.Action == upstream.ActionDouble {
		times = 2
	}
	return hold.apply(times, x.dedup(), write)
}

// number makes the carrier's own number of a serial: the same for every call
// with it, also after a restart.
func number(kind, serial string) string {
	return fmt.Sprintf("%s%016X", kind, digest(kind, serial))
}

// Size of every package: data in MB, voice in minutes, texts.
const (
	packageData  = 10_240
	packageVoice = 500
	packageSMS   = 100
)

// usage invents a balance. The data used goes up at every call, so no two
// answers in a row are the same, and a stale one shows.
func (x *exchange) usage(r *carrier.QueryUsageRequest) *carrier.QueryUsageResponse {
	n := x.carrier.receipts.Add(1)
	at := time.Now().UTC()
	base := digest(strconv.FormatUint(x.carrier.cfg.Seed, 10), r.Msisdn, r.Month)
	resource := func(kind, unit string, total, used uint64) carrier.Resource {
		used %= total
		return carrier.Resource{Type: kind, Unit: unit, Total: int64(total), Used: int64(used), Left: int64(total - used)}
	}
	return &carrier.QueryUsageResponse{
		Result:  carrier.ResultOf(carrier.CodeOK),
		Msisdn:  r.Msisdn,
		Month:   r.Month,
		AsOf:    at.Format(time.RFC3339Nano),
		Receipt: fmt.Sprintf("U%X-%d", at.UnixNano(), n),
		Resources: []carrier.Resource{
			resource("data", "MB", packageData, base%packageData+n),
			resource("voice", "minute", packageVoice, base>>16),
			resource("sms", "piece", packageSMS, base>>32),
		},
	}
}
