package workload

import (
	"fmt"

	"oalab/mockwechat"
	"oalab/scenarios/history"
)

// Source finds the message of an operation, as the pusher asks for it: by the name
// of its attack and its number. Another attack, or a number that was not planned, is
// an error. The plan must not change while the source is used; the source itself is
// safe for concurrent use.
func Source(attack string, plan []history.PlannedOp) func(string, uint64) (mockwechat.Message, error) {
	return func(name string, seq uint64) (mockwechat.Message, error) {
		if name != attack {
			return mockwechat.Message{}, fmt.Errorf("operation %d of attack %q: the plan is that of %q", seq, name, attack)
		}
		if seq >= uint64(len(plan)) {
			return mockwechat.Message{}, fmt.Errorf("operation %d of attack %q: the plan has %d", seq, name, len(plan))
		}
		return message(&plan[seq]), nil
	}
}

// Cycle is a source without end for a calibration: it goes round the plan for any
// attack. The plan must not be empty.
func Cycle(plan []history.PlannedOp) func(string, uint64) (mockwechat.Message, error) {
	return func(_ string, seq uint64) (mockwechat.Message, error) {
		if len(plan) == 0 {
			return mockwechat.Message{}, fmt.Errorf("operation %d: the plan is empty", seq)
		}
		return message(&plan[seq%uint64(len(plan))]), nil
	}
}

func message(op *history.PlannedOp) mockwechat.Message {
	m := mockwechat.Message{Op: op.Kind, OpenID: op.OpenID, MsgID: op.MsgID, MsgType: "text", Content: op.Text}
	if op.Kind == history.KindEvent {
		m.MsgType, m.Event, m.EventKey, m.Content = "event", op.Event, op.Key, ""
	}
	return m
}
