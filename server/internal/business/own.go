package business

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"oalab/server/internal/message"
	"oalab/server/internal/reply"
)

// The words by which followers ask for their own orders.
const (
	wordOrders = "我的订单"
	wordCancel = "取消订单"
)

// ownShown is how many of their orders followers see.
const ownShown = 5

// toldCancel is in Order.Told of an order that its follower has cancelled: the answer has
// told it.
const toldCancel = "cancel"

// isOwnWord reports whether a text asks for the follower's own orders.
func isOwnWord(text string) bool {
	_, _, ok := ownWord(text)
	return ok
}

// ownWord reads a text about the follower's own orders. serial is the order to cancel, ""
// when the orders are asked for.
func ownWord(text string) (word, serial string, ok bool) {
	text = strings.TrimSpace(strings.Map(narrow, text))
	if text == wordOrders {
		return wordOrders, "", true
	}
	rest, about := strings.CutPrefix(text, wordCancel)
	serial = strings.ToUpper(strings.TrimSpace(rest))
	if !about || serial != "" && (len(serial) != serialLength || strings.Trim(serial, serialDigits) != "") {
		return "", "", false
	}
	return wordCancel, serial, true
}

// Own are the orders of followers.
type Own interface {
	// OrdersOf returns the latest orders of a follower, the latest first.
	OrdersOf(ctx context.Context, account, openid string, limit int) ([]Order, error)
	// CancelOrder fails an order that was not sent, for a reason, and notes that its follower
	// is told in this way. It is false when a worker has it, or it has come to its end. Of a
	// worker that claims it at the same time one of both wins.
	CancelOrder(ctx context.Context, o Order, reason, told string) (bool, error)
}

// own answers what a follower asks of their own orders; ok is false for any other text.
func (s *Service) own(ctx context.Context, c Command) (message.Reply, bool, error) {
	_, serial, ok := ownWord(c.Text)
	if !ok {
		return message.Reply{}, false, nil
	}
	work := func(ctx context.Context) (string, error) { return s.list(ctx, c) }
	if serial != "" {
		work = func(ctx context.Context) (string, error) { return s.cancel(ctx, c, serial) }
	}
	r, err := s.replies.Make(ctx, c.Account, c.Key, func(ctx context.Context, _ string) (reply.Draft, error) {
		text, err := work(ctx)
		return reply.Draft{Reply: message.Text(text)}, err
	})
	return r, true, err
}

// list is what a follower reads of their orders.
func (s *Service) list(ctx context.Context, c Command) (string, error) {
	orders, err := s.store.OrdersOf(ctx, c.Account, c.OpenID, ownShown)
	if err != nil {
		return "", err
	}
	if len(orders) == 0 {
		return textNoOrders, nil
	}
	var b strings.Builder
	b.WriteString("您最近的订单：")
	for _, o := range orders {
		fmt.Fprintf(&b, "\n%s %s %s\n订单号%s", o.Created.In(s.cfg.Zone).Format("01-02 15:04"), o.Name, stateText(o), o.Serial)
	}
	if slices.ContainsFunc(orders, cancellable) {
		b.WriteString("\n回复“取消订单 订单号”可取消尚未办理的订单。")
	}
	return b.String(), nil
}

// stateText is the state of an order as its follower reads it.
func stateText(o Order) string {
	switch {
	case o.Told == toldCancel:
		return "已取消"
	case o.State == StateDone:
		return "已成功"
	case o.State == StateFailed:
		return "未成功：" + o.Reason
	case cancellable(o):
		return "等待办理"
	}
	return "办理中"
}

// cancellable reports whether an order can still be cancelled. Data is not: its source has
// spent it. Money is not: it was paid.
func cancellable(o Order) bool {
	return o.Kind != OrderOfData && o.Kind != OrderOfMoney && (o.State == StateAccepted || o.State == StateQueued)
}

// cancel cancels an order. A second try of the message finds the order cancelled, and says the
// same.
func (s *Service) cancel(ctx context.Context, c Command, serial string) (string, error) {
	o, err := s.store.Order(ctx, serial)
	if err == nil && (o.Account != c.Account || o.OpenID != c.OpenID) {
		err = ErrNoOrder
	}
	switch {
	case errors.Is(err, ErrNoOrder):
		return textNoSuchOrder, nil
	case err != nil:
		return "", err
	}
	if cancellable(o) {
		done, err := s.store.CancelOrder(ctx, o, textCancelReason, toldCancel)
		if err != nil {
			return "", err
		}
		if done {
			return cancelledText(o), nil
		}
		if o, err = s.store.Order(ctx, serial); err != nil { // a worker was faster, or another message
			return "", err
		}
	}
	switch {
	case o.Told == toldCancel:
		return cancelledText(o), nil
	case o.Kind == OrderOfData:
		return textDataNotCancelled, nil
	case o.Kind == OrderOfMoney:
		return textMoneyNotCancelled, nil
	case o.State.Finished():
		return fmt.Sprintf(textTooLateEnded, o.Name, stateText(o)), nil
	}
	return fmt.Sprintf(textTooLate, o.Name), nil
}
