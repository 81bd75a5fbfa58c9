package mockcarrier

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"oalab/chaos/upstream"
	"oalab/mockcarrier/ledger"
	"oalab/server/carrier"
)

// exchange is one call on its way through the rules, the operation and the
// ledger to its answer.
type exchange struct {
	carrier  *Carrier
	epoch    *epoch
	w        http.ResponseWriter
	r        *http.Request
	arrived  time.Time
	call     carrier.Call
	rules    rules // of the operation
	question question
	decision upstream.Decision
	left     int // tries of a password
}

// answer serves one SOAP call.
func (x *exchange) answer() {
	call, err := readCall(x.w, x.r)
	x.call, x.rules = call, operations[call.Operation]
	x.question = questionOf(call.Request)
	x.decision = x.carrier.rules.Decide(Path, call.Operation, "")

	var hold *claim
	refusal := carrier.CodeOK
	if err == nil && x.rules.effect {
		hold, refusal = x.epoch.book.arrive(x.key(), x.question.body(), x.dedup())
	}
	if !x.wait() {
		hold.drop()
		sever(x.w)
		return
	}
	switch x.decision.Action {
	case upstream.ActionReset:
		hold.drop()
		x.noteSilence()
		sever(x.w)
		return
	case upstream.ActionHang:
		x.noteSilence()
		x.hold()
		hold.drop()
		sever(x.w)
		return
	case upstream.ActionNone, upstream.ActionDrip, upstream.ActionAnswerLost, upstream.ActionDouble:
	}
	response, err := x.result(err, hold, refusal)
	x.respond(response, err)
}

// result does what was asked, or what the rules put in its place. It settles
// the claim and writes the ledger, so the answer is true when it goes out.
func (x *exchange) result(problem error, hold *claim, refusal carrier.Code) (carrier.Response, error) {
	d := x.decision
	switch {
	case problem != nil:
		fault := ""
		if f, ok := errors.AsType[*carrier.FaultError](problem); ok {
			fault = f.Code
		}
		if err := x.note(ledger.EffectNone, fault); err != nil {
			return nil, err
		}
		return nil, problem
	case d.Fault != "":
		hold.drop()
		if err := x.note(ledger.EffectNone, d.Label()); err != nil {
			return nil, err
		}
		return nil, carrier.Faultf(d.Fault, "injected fault")
	case d.Status != 0 && d.ErrCode == 0:
		hold.drop()
		return nil, x.note(ledger.EffectNone, d.Label()) // a page of some gateway follows
	case d.ErrCode != 0:
		refusal = carrier.Code(fmt.Sprintf("%04d", d.ErrCode))
	}
	return x.perform(hold, refusal)
}

// respond sends the answer: a response, a fault, or the bare status of a rule.
func (x *exchange) respond(response carrier.Response, err error) {
	v := x.call.Version
	var fault *carrier.FaultError
	switch {
	case errors.Is(err, errEpochOver):
		sever(x.w)
	case x.decision.Action == upstream.ActionAnswerLost:
		x.hold()
		sever(x.w)
	case errors.Is(err, errMediaType):
		x.send(http.StatusUnsupportedMediaType, "text/plain; charset=utf-8", []byte(err.Error()+"\n"))
	case errors.As(err, &fault):
		x.send(fault.Status(v), v.ContentType(""), carrier.EncodeFault(v, fault))
	case err != nil: // the ledger could not be written
		x.carrier.cfg.Log.Error("writing the ledger failed", "error", err)
		fault = carrier.Faultf(carrier.FaultServer, "the carrier cannot keep its books: %v", err)
		x.send(fault.Status(v), v.ContentType(""), carrier.EncodeFault(v, fault))
	case response == nil:
		x.send(http.StatusOK, "text/html; charset=utf-8", []byte("<html><body>out of order</body></html>\n"))
	default:
		x.send(http.StatusOK, v.ContentType(""), carrier.EncodeResponse(v, response))
	}
}

// describe serves the WSDL. The rules that answer without SOAP apply to it.
func (x *exchange) describe() {
	x.decision = x.carrier.rules.Decide(Path, opWSDL, "")
	if !x.wait() {
		sever(x.w)
		return
	}
	switch x.decision.Action {
	case upstream.ActionHang, upstream.ActionAnswerLost:
		x.hold()
		sever(x.w)
		return
	case upstream.ActionReset:
		sever(x.w)
		return
	case upstream.ActionNone, upstream.ActionDrip, upstream.ActionDouble:
	}
	if x.decision.Status != 0 {
		x.respond(nil, nil)
		return
	}
	page, err := x.carrier.wsdl.render(x.r)
	if err != nil {
		http.Error(x.w, err.Error(), http.StatusInternalServerError)
		return
	}
	x.send(http.StatusOK, "text/xml; charset=utf-8", page)
}

// note writes the call's line to the ledger. Calls that name no operation of
// the service have none.
func (x *exchange) note(effect ledger.Effect, fault string) error {
	if !carrier.Known(x.call.Operation) {
		return nil
	}
	line := x.line(time.Now(), effect)
	silent := x.decision.Action == upstream.ActionReset || x.decision.Action == upstream.ActionHang ||
		x.decision.Action == upstream.ActionAnswerLost
	line.Answered = !silent && x.r.Context().Err() == nil
	line.TookS = line.At.Sub(x.arrived).Seconds()
	line.Fault = fault
	if err := x.carrier.write(x.epoch, line); err != nil {
		return err
	}
	x.epoch.accounts.apply(line)
	return nil
}

// line is the call in the ledger. What it moved is in it when it was applied.
func (x *exchange) line(at time.Time, effect ledger.Effect) ledger.Entry {
	q := x.question
	line := ledger.Entry{
		At: at, Op: x.call.Operation, Serial: q.serial, Phone: q.phone, Code: q.code, ClientIP: q.ip, Effect: effect,
	}
	if effect == ledger.EffectApplied {
		line.AmountFen, line.MB, line.Effective, line.Text = q.fen, q.mb, q.effective, q.text
		if p, ok := productOf(q.code); ok && line.Op == carrier.OpOrderProduct {
			line.AmountFen = -p.fen
		}
	}
	return line
}

// noteSilence writes the line of a call that is left without an answer.
func (x *exchange) noteSilence() {
	if err := x.note(ledger.EffectNone, x.decision.Label()); err != nil && !errors.Is(err, errEpochOver) {
		x.carrier.cfg.Log.Error("writing the ledger failed", "error", err)
	}
}

func (x *exchange) dedup() bool { return !x.carrier.noDedup.Load() }

func (x *exchange) key() key { return key{x.call.Operation, x.question.serial} }
