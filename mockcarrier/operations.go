package mockcarrier

import (
	"fmt"
	"net/netip"
	"time"

	"oalab/chaos/upstream"
	"oalab/mockcarrier/ledger"
	"oalab/server/carrier"
)

// Bounds of what can be asked for.
const (
	maxText    = 500 // characters
	minTopUp   = 100
	maxTopUp   = 5_000_000
	maxRedeem  = 102_400
	maxHistory = 50
	maxMinutes = 60
)

// rules are how one operation goes.
type rules struct {
	// effect: the operation changes something, once for each serial.
	effect bool
	// foreign: it is for numbers of other carriers too.
	foreign bool
	// judge returns CodeOK, or why the call is refused; nil refuses nothing.
	judge func(*exchange) carrier.Code
	// answer is the answer to a call that was not refused.
	answer func(*exchange) carrier.Response
}

// operations is the service: a row for each operation of the contract. It is not changed.
var operations = map[string]rules{
	carrier.OpQueryUsage:         {judge: goodMonth, answer: answerUsage},
	carrier.OpQueryBillDay:       {judge: billedDay, answer: answerBillDay},
	carrier.OpQueryBillMonth:     {judge: billedMonth, answer: answerBillMonth},
	carrier.OpQueryPackage:       {answer: answerPackage},
	carrier.OpQueryPoints:        {answer: answerPoints},
	carrier.OpQueryPointsHistory: {judge: goodCount, answer: answerPointsHistory},
	carrier.OpOrderProduct:       {effect: true, judge: knownProduct, answer: answerOrder},
	carrier.OpQueryOrder:         {judge: knownCalled, answer: answerState},
	carrier.OpChangePackage:      {effect: true, judge: knownPackage, answer: answerChange},
	carrier.OpRedeemData:         {effect: true, judge: goodData, answer: answerRedeem},
	carrier.OpTopUp:              {effect: true, judge: goodMoney, answer: answerTopUp},
	carrier.OpQueryBalance:       {answer: answerBalance},
	carrier.OpCheckPassword:      {judge: rightPassword, answer: answerPassword},
	carrier.OpQueryNumber:        {foreign: true, answer: answerNumber},
	carrier.OpSendSMS:            {effect: true, foreign: true, judge: goodText, answer: answerSMS},
	carrier.OpSendCode:           {effect: true, foreign: true, judge: goodCode, answer: answerCode},
}

// perform carries out an operation. A refusal other than CodeOK is answered in
// its place; the errors are those of the ledger.
func (x *exchange) perform(hold *claim, refusal carrier.Code) (carrier.Response, error) {
	if x.rules.answer == nil {
		return nil, fmt.Errorf("the operation %s is described and not built", x.call.Operation)
	}
	if refusal == carrier.CodeOK {
		refusal = x.judge()
	}
	if x.rules.effect {
		code, err := x.effect(hold, refusal)
		if code != carrier.CodeOK || err != nil {
			return carrier.Refuse(x.call.Operation, code, x.question.serial), err
		}
		return x.rules.answer(x), nil
	}
	// What is answered is read before the line is written: it is as old as its line.
	response := carrier.Refuse(x.call.Operation, refusal, "")
	if refusal == carrier.CodeOK {
		response = x.rules.answer(x)
	} else if r, ok := response.(*carrier.CheckPasswordResponse); ok {
		r.Left = int64(x.left)
	}
	return response, x.readOnly(refusal)
}

// judge applies the business rules to a request.
func (x *exchange) judge() carrier.Code {
	q := x.question
	switch _, err := netip.ParseAddr(q.ip); {
	case q.ip != "" && err != nil:
		return carrier.CodeBadInput
	case q.phone != "" && !isNumber(q.phone):
		return carrier.CodeBadNumber
	case q.phone != "" && !x.rules.foreign && !x.carrier.own(q.phone):
		return carrier.CodeOtherCarrier
	case x.rules.judge == nil:
		return carrier.CodeOK
	}
	return x.rules.judge(x)
}

// readOnly notes an operation that changes nothing, or its refusal.
func (x *exchange) readOnly(refusal carrier.Code) error {
	effect := ledger.EffectNone
	if refusal.Final() {
		effect = ledger.EffectRefused
	}
	return x.note(effect, x.decision.Label())
}

// effect applies or refuses an operation with a serial and settles its claim.
func (x *exchange) effect(hold *claim, refusal carrier.Code) (carrier.Code, error) {
	write := func(effect ledger.Effect) error { return x.note(effect, x.decision.Label()) }
	switch {
	case hold == nil, !refusal.Final() && refusal != carrier.CodeOK:
		hold.drop() // the serial is not touched
		return refusal, x.readOnly(refusal)
	case refusal != carrier.CodeOK:
		return hold.refuse(refusal, x.dedup(), write)
	}
	times := 1
	if x.decision.Action == upstream.ActionDouble {
		times = 2
	}
	allowed := func() carrier.Code { return x.epoch.accounts.allows(x.line(time.Now(), ledger.EffectApplied)) }
	return hold.apply(times, x.dedup(), allowed, write)
}

// number makes the carrier's own number of a serial: the same for every call
// with it, also after a restart.
func number(kind, serial string) string {
	return fmt.Sprintf("%s%016X", kind, digest(kind, serial))
}

// asked is the request of an exchange, whose type its row of the table knows.
func asked[T carrier.Request](x *exchange) T { return x.call.Request.(T) }

func (x *exchange) subscriber() *subscriber { return x.epoch.accounts.subscriber(x.question.phone) }
