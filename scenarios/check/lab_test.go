package check

import (
	"fmt"
	"time"

	cl "oalab/mockcarrier/ledger"
	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
)

// lab writes the history of an arm by hand, one operation after the other.
type lab struct{ *history.Arm }

var labBase = time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)

func newLab() *lab {
	return &lab{&history.Arm{
		Name: "main",
		Record: history.ArmRecord{
			Arm: "main", Base: labBase, DrainedS: 100,
			Load: history.Load{Model: "open", MaxWorkers: 100, DurationS: 60, PeakPerS: 10, CeilingPerS: 1000},
		},
	}}
}

func at(s float64) time.Time { return labBase.Add(time.Duration(s * float64(time.Second))) }

// Tries, as a test writes them.
func okTry(reply string) wl.Delivery {
	return wl.Delivery{Status: 200, OK: true, Reply: reply, TookS: 0.01}
}

func lostTry(reply string) wl.Delivery {
	return wl.Delivery{Status: 200, Lost: true, TimedOut: true, Reply: reply, TookS: 5}
}

func timedOutTry() wl.Delivery {
	return wl.Delivery{TimedOut: true, TookS: 5, Error: "deadline exceeded"}
}

func refusedTry() wl.Delivery {
	return wl.Delivery{Refused: true, TookS: 0.001, Error: "connection refused"}
}

func statusTry(code int) wl.Delivery { return wl.Delivery{Status: code, TookS: 0.01, Error: "status"} }

// send plans an operation and delivers it by these tries, 5 s apart; without tries
// it is dropped. It returns the seq.
func (l *lab) send(kind string, due float64, tries ...wl.Delivery) uint64 {
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
		d.At, d.Attack, d.Seq, d.Op = at(due+5*float64(i)), l.Name, seq, kind
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

func serialOf(seq uint64) string { return fmt.Sprintf("S%019d", seq) }

func acknowledgement(serial string) string {
	return "<xml><Content><![CDATA[已受理，流水号：" + serial + "]]></Content></xml>"
}

// order is an order as it should be: acknowledged, done once, told once.
func (l *lab) order(due float64) uint64 {
	seq := uint64(len(l.Plan))
	l.send(history.KindOrder, due, okTry(acknowledgement(serialOf(seq))))
	l.applied(seq, serialOf(seq))
	l.told(seq, serialOf(seq))
	return seq
}

func (l *lab) entry(seq uint64, serial string, effect cl.Effect) {
	p := l.Plan[seq]
	l.Carrier = append(l.Carrier, cl.Entry{
		At: at(p.DueS + 1), Op: "OrderProduct", Serial: serial, Phone: p.Phone, Code: p.Code,
		Effect: effect, Answered: true, TookS: 0.05,
	})
}
func (l *lab) applied(seq uint64, serial string) { l.entry(seq, serial, cl.EffectApplied) }

func (l *lab) call(openid, serial string, effect wl.Effect) {
	l.WeChat = append(l.WeChat, wl.Call{
		At: at(50), Kind: wl.KindAPI, Path: "/cgi-bin/message/template/send", OpenID: openid,
		ClientMsgID: serial, Effect: effect,
	})
}

func (l *lab) told(seq uint64, serial string) {
	l.call(l.Plan[seq].OpenID, serial, wl.EffectDelivered)
}

func (l *lab) window(fault string, from, to float64) {
	l.Record.Windows = append(l.Record.Windows, history.Window{
		Fault: fault, Target: "oaserver", PlannedFromS: from, PlannedToS: to, FromS: from, ToS: to, HealedS: to,
	})
}

func (l *lab) sample(s float64, name string, value float64) {
	l.Samples = append(l.Samples, history.Sample{AtS: s, Probe: "server", Name: name, Value: value})
}
