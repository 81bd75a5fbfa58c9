package account

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	cl "oalab/mockcarrier/ledger"
	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
)

// The lines of the ledgers that are about orders.
const (
	opOrder      = "OrderProduct"
	opPackage    = "ChangePackage"
	opData       = "RedeemData"
	pathTemplate = "/message/template/send"
)

// cancelledIn finds the serial of an order that was cancelled in what its follower read.
// Nothing else that the server says may match.
var cancelledIn = regexp.MustCompile(`已为您取消.*，订单号([0-9A-Z]{16,32})`)

// Order is one planned order, with what the follower, the carrier and the platform
// recorded of it.
type Order struct {
	*Message
	Acknowledged string // serial the follower read, or ""
	Applied      int    // effects at the carrier, of any serial
	Refused      int    // refusals by the carrier's rules
	told         int    // results delivered to the follower under that serial
	ToldOther    string // openid of another follower that was told about it, or ""
	Cancelled    bool   // the follower read that it is cancelled
}

// Lost reports whether the follower was promised the order, and the carrier neither did it nor
// refused it with the follower being told.
func (o *Order) Lost() bool {
	return o.Acknowledged != "" && !o.Cancelled && o.Applied == 0 && (o.Refused == 0 || o.told == 0)
}

// Doubled reports whether the carrier did the order more than once.
func (o *Order) Doubled() bool { return o.Applied > 1 }

// NeverTold reports whether the follower was promised the order and heard no result.
func (o *Order) NeverTold() bool { return o.Acknowledged != "" && !o.Cancelled && o.told == 0 }

// DoneThoughCancelled reports whether the carrier did the order that the follower read to be
// cancelled.
func (o *Order) DoneThoughCancelled() bool { return o.Cancelled && o.Applied > 0 }

// item is what identifies an order at the carrier: the plan uses each only once.
type item struct{ phone, code string }

// Books are the orders of an arm with the effects and tellings of both ledgers
// booked on them.
type Books struct {
	Orders     []Order
	planned    map[item]int // index into orders
	Ambiguous  *Order       // two planned orders share its number and product
	Unexpected []cl.Entry   // effects that no order explains
	ToldTwice  []Telling    // one result delivered more than once
	Told       int          // results delivered, by distinct client_msg_id
	// DataTwice are effects of data that was redeemed under a serial before. Which follower
	// redeems what is in no plan.
	DataTwice []cl.Entry

	RepeatedCalls, RepeatedTold, StrayTold int // listed, no violations
}

// Telling is one result of an order reaching one follower.
type Telling struct {
	Serial, OpenID string
	Times          int
}

// OpenBooks reads both ledgers against the plan. Effects are matched by telephone
// number and product, not by serial: a server that invents a new serial for a retry
// must not hide the second effect.
func OpenBooks(a *history.Arm, all []Message) *Books {
	b := &Books{planned: map[item]int{}}
	bySerial := map[string][]int{}
	for i := range all {
		m := &all[i]
		if m.Plan.Kind != history.KindOrder {
			continue
		}
		o := Order{Message: m, Acknowledged: m.Serial()}
		key := item{m.Plan.Phone, m.Plan.Code}
		if _, twice := b.planned[key]; twice && b.Ambiguous == nil {
			b.Ambiguous = &o
		}
		b.planned[key] = len(b.Orders)
		if o.Acknowledged != "" {
			bySerial[o.Acknowledged] = append(bySerial[o.Acknowledged], len(b.Orders))
		}
		b.Orders = append(b.Orders, o)
	}
	for i := range all {
		text, _ := all[i].Read()
		found := cancelledIn.FindStringSubmatch(text)
		if found == nil {
			continue
		}
		for _, n := range bySerial[found[1]] {
			if b.Orders[n].Plan.OpenID == all[i].Plan.OpenID {
				b.Orders[n].Cancelled = true
			}
		}
	}
	b.bookEffects(a.Carrier)
	b.bookTellings(a.WeChat, bySerial)
	return b
}

func (b *Books) bookEffects(entries []cl.Entry) {
	data := map[string]bool{}
	for _, e := range entries {
		if e.Op == opData && e.Effect == cl.EffectApplied {
			if data[e.Serial] {
				b.DataTwice = append(b.DataTwice, e)
			}
			data[e.Serial] = true
		}
		if e.Op != opOrder && e.Op != opPackage {
			continue
		}
		i, known := b.planned[item{e.Phone, e.Code}]
		switch e.Effect {
		case cl.EffectApplied:
			if !known || !b.Orders[i].reached() {
				b.Unexpected = append(b.Unexpected, e)
				continue
			}
			b.Orders[i].Applied++
		case cl.EffectRefused:
			if known {
				b.Orders[i].Refused++
			}
		case cl.EffectRepeated:
			b.RepeatedCalls++
		case cl.EffectNone:
		}
	}
}

func (b *Books) bookTellings(calls []wl.Call, bySerial map[string][]int) {
	type delivery struct{ serial, openid string }
	times := map[delivery]int{}
	distinct := map[string]bool{}
	for _, c := range calls {
		if c.Kind != wl.KindAPI || c.ClientMsgID == "" || !strings.HasSuffix(c.Path, pathTemplate) {
			continue
		}
		switch c.Effect {
		case wl.EffectDelivered:
			times[delivery{c.ClientMsgID, c.OpenID}]++
			distinct[c.ClientMsgID] = true
		case wl.EffectRepeated:
			b.RepeatedTold++
		case wl.EffectRefused, wl.EffectNone, wl.EffectPaid, wl.EffectRefunded, wl.EffectClosed: // the last three are of payments
		}
	}
	b.Told = len(distinct)
	for d, n := range times {
		if n > 1 {
			b.ToldTwice = append(b.ToldTwice, Telling{d.serial, d.openid, n})
		}
		orders := bySerial[d.serial]
		mine := slices.IndexFunc(orders, func(i int) bool { return b.Orders[i].Plan.OpenID == d.openid })
		switch {
		case mine >= 0:
			b.Orders[orders[mine]].told += n
		case len(orders) > 0:
			o := &b.Orders[orders[0]]
			o.ToldOther = cmp.Or(o.ToldOther, d.openid)
			o.ToldOther = min(o.ToldOther, d.openid) // the same one in any order of the map
		default:
			b.StrayTold += n // an order whose serial no follower read
		}
	}
	slices.SortFunc(b.ToldTwice, func(x, y Telling) int {
		return cmp.Or(cmp.Compare(x.Serial, y.Serial), cmp.Compare(x.OpenID, y.OpenID))
	})
}

// Count counts the orders that have a property.
func (b *Books) Count(has func(*Order) bool) int {
	n := 0
	for i := range b.Orders {
		if has(&b.Orders[i]) {
			n++
		}
	}
	return n
}

// IsAcknowledged reports whether the follower was promised the order.
func (o *Order) IsAcknowledged() bool { return o.Acknowledged != "" }
