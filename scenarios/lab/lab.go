// Package lab writes histories of arms by hand, for the tests of figures, checkers and judges.
package lab

import (
	"fmt"
	"time"

	cl "oalab/mockcarrier/ledger"
	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
)

// Lab writes the history of an arm by hand, one operation after the other.
type Lab struct{ *history.Arm }

// Base is when the load of a history begins.
var Base = time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)

// New is the empty history of an open load of 60 s.
func New() *Lab {
	return &Lab{&history.Arm{
		Name: "main",
		Record: history.ArmRecord{
			Arm: "main", Base: Base, DrainedS: 100,
			Load: history.Load{Model: "open", MaxWorkers: 100, DurationS: 60, PeakPerS: 10, CeilingPerS: 1000},
		},
	}}
}

// At is a moment so many seconds after Base.
func At(s float64) time.Time { return Base.Add(time.Duration(s * float64(time.Second))) }

// OKTry is a try that was answered in time.
func OKTry(reply string) wl.Delivery {
	return wl.Delivery{Status: 200, OK: true, Reply: reply, TookS: 0.01}
}

// LostTry is a try whose answer a fault kept from the platform.
func LostTry(reply string) wl.Delivery {
	return wl.Delivery{Status: 200, Lost: true, TimedOut: true, Reply: reply, TookS: 5}
}

// TimedOutTry is a try without an answer within 5 s.
func TimedOutTry() wl.Delivery {
	return wl.Delivery{TimedOut: true, TookS: 5, Error: "deadline exceeded"}
}

// RefusedTry is a try whose connection was refused.
func RefusedTry() wl.Delivery {
	return wl.Delivery{Refused: true, TookS: 0.001, Error: "connection refused"}
}

// StatusTry is a try that was answered with an error.
func StatusTry(code int) wl.Delivery { return wl.Delivery{Status: code, TookS: 0.01, Error: "status"} }

// Send plans an operation and delivers it by these tries, 5 s apart; without tries
// it is dropped. It returns the seq.
func (l *Lab) Send(kind string, due float64, tries ...wl.Delivery) uint64 {
	seq := uint64(len(l.Plan))
	p := history.PlannedOp{
		Seq: seq, DueS: due, Kind: kind, OpenID: fmt.Sprintf("o%03d", seq), MsgID: fmt.Sprintf("m%03d", seq),
	}
	if kind == history.KindOrder {
		p.Phone, p.Code = fmt.Sprintf("138%08d", seq), "P10"
	}
	l.Plan = append(l.Plan, p)
	if len(tries) == 0 {
		return seq
	}
	op := history.Operation{Seq: seq, StartS: due, Status: 503}
	for i, d := range tries {
		d.At, d.Attack, d.Seq, d.Op = At(due+5*float64(i)), l.Name, seq, kind
		d.OpenID, d.MsgID, d.Try = p.OpenID, p.MsgID, i+1
		l.Deliveries = append(l.Deliveries, d)
		op.LatencyS = 5*float64(i) + d.TookS
		if d.OK {
			op.Status = 200
		}
	}
	l.Operations = append(l.Operations, op)
	return seq
}

// SerialOf is the serial of the order with a seq.
func SerialOf(seq uint64) string { return fmt.Sprintf("S%019d", seq) }

// Acknowledgement is the reply that confirms an order.
func Acknowledgement(serial string) string {
	return "<xml><Content><![CDATA[已受理，流水号：" + serial + "]]></Content></xml>"
}

// Order is an order as it should be: acknowledged, done once, told once.
func (l *Lab) Order(due float64) uint64 {
	seq := uint64(len(l.Plan))
	l.Send(history.KindOrder, due, OKTry(Acknowledgement(SerialOf(seq))))
	l.Applied(seq, SerialOf(seq))
	l.Told(seq, SerialOf(seq))
	return seq
}

// Entry writes what the carrier did with an order.
func (l *Lab) Entry(seq uint64, serial string, effect cl.Effect) {
	p := l.Plan[seq]
	l.Carrier = append(l.Carrier, cl.Entry{
		At: At(p.DueS + 1), Op: "OrderProduct", Serial: serial, Phone: p.Phone, Code: p.Code,
		Effect: effect, Answered: true, TookS: 0.05,
	})
}

// Applied lets the carrier do an order.
func (l *Lab) Applied(seq uint64, serial string) { l.Entry(seq, serial, cl.EffectApplied) }

// Call writes a template message to the platform.
func (l *Lab) Call(openid, serial string, effect wl.Effect) {
	l.WeChat = append(l.WeChat, wl.Call{
		At: At(50), Kind: wl.KindAPI, Path: "/cgi-bin/message/template/send", OpenID: openid,
		ClientMsgID: serial, Effect: effect,
	})
}

// Told tells a follower the result of an order.
func (l *Lab) Told(seq uint64, serial string) {
	l.Call(l.Plan[seq].OpenID, serial, wl.EffectDelivered)
}

// Window writes the window of a fault at oaserver, healed at its end.
func (l *Lab) Window(fault string, from, to float64) {
	l.Record.Windows = append(l.Record.Windows, history.Window{
		Fault: fault, Target: "oaserver", PlannedFromS: from, PlannedToS: to, FromS: from, ToS: to, HealedS: to,
	})
}

// Sample writes a sample of the server.
func (l *Lab) Sample(s float64, name string, value float64) {
	l.Samples = append(l.Samples, history.Sample{AtS: s, Probe: "server", Name: name, Value: value})
}

// Seal enters into the record what the runner would have counted.
func Seal(a *history.Arm) {
	a.Record.Load.Scheduled, a.Record.Load.Started = len(a.Plan), len(a.Operations)
}
