package mockwechat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oalab/chaos/upstream"
	"oalab/mockwechat/ledger"
)

// delivery is one operation under way.
type delivery struct {
	*Pusher
	acc   *account
	msg   *Message
	plain []byte // the message's XML, the same for all tries
	line  ledger.Delivery
}

// deliver makes the tries of one message. Each starts at its own time after the
// first, however early the one before it failed.
func (pu *Pusher) deliver(ctx context.Context, attack string, seq uint64, m *Message) (Outcome, error) {
	acc := pu.p.accountNamed(pu.name)
	if acc == nil {
		return Outcome{}, fmt.Errorf("%w %q", ErrUnknownAccount, pu.name)
	}
	if err := ctx.Err(); err != nil {
		return Outcome{}, err
	}
	start, now := time.Now(), pu.p.now()
	if err := m.complete(now.Unix(), pu.p.nextMsgIDText); err != nil {
		return Outcome{}, err
	}
	acc.noteActivity(m, now, pu.p.limits)
	d := delivery{
		Pusher: pu, acc: acc, msg: m,
		plain: m.appendXML(make([]byte, 0, 384+len(m.Content)), acc.cfg.OriginalID),
	}
	o := Outcome{MsgID: m.MsgID}
	for try := 1; try <= MaxTries; try++ {
		if try > 1 && !wait(ctx, time.Until(start.Add(time.Duration(try-1)*pu.cfg.TrySpacing))) {
			return o, ctx.Err()
		}
		d.line = ledger.Delivery{
			Attack: attack, Seq: seq, Op: m.Op, Account: pu.name, OpenID: m.OpenID, MsgID: m.MsgID, Try: try,
		}
		if err := d.try(ctx); err != nil {
			return o, err
		}
		o.Tries, o.OK, o.Status, o.TimedOut, o.Error = try, d.line.OK, d.line.Status, d.line.TimedOut, d.line.Error
		o.Seen = d.line.Reply
		if o.OK {
			return o, nil
		}
		o.Seen = Unavailable
		if err := ctx.Err(); err != nil {
			return o, err
		}
	}
	return o, nil
}

// try makes one try under the fault that the rules want for it.
func (d *delivery) try(ctx context.Context) error {
	f := d.p.decide(pathPush, d.msg.Op, d.name)
	if f.action == upstream.ActionDouble {
		first := d.line
		if err := d.once(ctx, f); err != nil {
			return err
		}
		d.line = first
	}
	return d.once(ctx, f)
}

var errReset = errors.New("reset by an injected fault")

// once delivers one time and records it.
func (d *delivery) once(ctx context.Context, f fault) error {
	start := time.Now()
	d.line.At = start
	limit, cancel := context.WithDeadline(ctx, start.Add(d.cfg.TryTimeout))
	defer cancel()
	err := d.exchange(limit, f)
	if err == nil && f.action == upstream.ActionAnswerLost {
		// The server has answered, and the platform never hears of it.
		d.line.Lost = true
		err = waitOut(limit)
	}
	if err != nil {
		d.line.TimedOut = d.line.Lost || (ctx.Err() == nil && errors.Is(limit.Err(), context.DeadlineExceeded))
		d.line.Refused = isRefused(err)
		if d.line.Error == "" {
			d.line.Error = err.Error()
		}
	}
	d.line.OK = err == nil && d.line.Error == ""
	d.line.TookS = time.Since(start).Seconds()
	if err := d.cfg.Record(d.line); err != nil {
		return fmt.Errorf("mockwechat: delivery of %s, try %d, cannot be recorded: %w", d.msg.MsgID, d.line.Try, err)
	}
	return nil
}

var errLost = errors.New("the answer was lost by an injected fault")

// waitOut waits for the limit of a try.
func waitOut(limit context.Context) error {
	<-limit.Done()
	return errLost
}
