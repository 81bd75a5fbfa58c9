package push

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oalab/chaos/upstream"
	"oalab/mockwechat/chat"
	"oalab/mockwechat/ledger"
	"oalab/mockwechat/message"
	"oalab/mockwechat/platform"
)

// delivery is one operation under way.
type delivery struct {
	*Pusher
	acc   *platform.Official
	phone *chat.Book // found once a message: it is a part of the account's memory
	to    platform.Destination
	msg   *message.Message
	plain []byte // the message's XML, the same for all tries
	line  ledger.Delivery
}

// deliver makes the tries of one message. Each starts at its own time after the
// first, however early the one before it failed.
func (pu *Pusher) deliver(ctx context.Context, attack string, seq uint64, m *message.Message) (Outcome, error) {
	acc := pu.p.Named(pu.name)
	if acc == nil {
		return Outcome{}, fmt.Errorf("%w %q", platform.ErrUnknownAccount, pu.name)
	}
	if err := ctx.Err(); err != nil {
		return Outcome{}, err
	}
	start, now := time.Now(), pu.p.Now()
	if acc.Config.IsComponent() != (m.Info != "") {
		return Outcome{}, fmt.Errorf("%w: a third-party platform gets notices alone, and nothing else does", message.ErrMessage)
	}
	if err := m.Complete(now.Unix(), pu.p.NextMsgIDText); err != nil {
		return Outcome{}, err
	}
	to, err := pu.destination(acc)
	if err != nil {
		return Outcome{}, err
	}
	id, phone := acc.Config.OriginalID, chat.Of(acc)
	if m.Info == "" {
		acc.NoteActivity(m, now, pu.p.Limits)
		if s, ok := m.Show(); ok {
			phone.Add(m.OpenID, chat.FromFollower, now, s)
		}
	} else {
		id = acc.Config.AppID
	}
	d := delivery{Pusher: pu, acc: acc, phone: phone, to: to, msg: m, plain: m.AppendXML(make([]byte, 0, 384+len(m.Content)), id)}
	o := Outcome{MsgID: m.MsgID}
	for try := 1; try <= MaxTries; try++ {
		if try > 1 && !platform.Wait(ctx, time.Until(start.Add(time.Duration(try-1)*pu.cfg.TrySpacing))) {
			return o, ctx.Err()
		}
		d.line = ledger.Delivery{
			Attack: attack, Seq: seq, Op: m.Op, Account: pu.name, OpenID: m.OpenID, MsgID: m.MsgID, Try: try,
		}
		if err := d.try(ctx); err != nil {
			return o, err
		}
		o.Tries, o.OK, o.Status, o.TimedOut, o.Error = try, d.line.OK, d.line.Status, d.line.TimedOut, d.line.Error
		o.Stale = d.line.Stale
		o.Seen = d.line.Reply
		if o.OK {
			d.showReply(o.Seen)
			return o, nil
		}
		o.Seen = Unavailable
		if err := ctx.Err(); err != nil {
			return o, err
		}
	}
	if _, own := m.Show(); own { // no follower hears of a report that failed
		phone.Add(m.OpenID, chat.FromPlatform, pu.p.Now(), message.Shown{Kind: "notice", Text: Unavailable})
	}
	return o, nil
}

// showReply puts a reply into the chat of a follower whose phone is on.
func (d *delivery) showReply(plain string) {
	if !d.phone.Keeps(d.msg.OpenID) {
		return // so that a load does not read each reply twice
	}
	if s, ok := message.ShowReply(plain); ok {
		d.phone.Add(d.msg.OpenID, chat.FromAccount, d.p.Now(), s)
	}
}

// destination is where the account's pushes go now: to the third-party platform that has the
// right to its messages, or to its own callback. An address that was given is never replaced.
func (pu *Pusher) destination(acc *platform.Official) (platform.Destination, error) {
	if !pu.given {
		if lender := pu.p.Lender(acc); lender != nil {
			return acc.DestinationOf(lender)
		}
	}
	to := pu.to
	if to.URL == nil {
		return to, fmt.Errorf("%w: account %s has no callback_url", platform.ErrConfig, pu.name)
	}
	to.Token, to.Envelope = acc.Config.Token, acc.Envelope
	return to, nil
}

// try makes one try under the fault that the rules want for it.
func (d *delivery) try(ctx context.Context) error {
	f := d.p.Decide(platform.PathPush, d.msg.Op, d.name)
	if f.Action == upstream.ActionDouble {
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
func (d *delivery) once(ctx context.Context, f platform.Fault) error {
	start := time.Now()
	d.line.At = start
	limit, cancel := context.WithDeadline(ctx, start.Add(d.cfg.TryTimeout))
	defer cancel()
	err := d.exchange(limit, f)
	if err == nil && f.Action == upstream.ActionAnswerLost {
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
