package check

import (
	"cmp"
	"slices"
	"strings"

	cl "oalab/mockcarrier/ledger"
	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
)

// The lines of the ledgers that speak of orders.
const (
	opOrder      = "OrderProduct"
	pathTemplate = "/message/template/send"
)

// order is one planned order, with what the follower, the carrier and the platform
// say about it.
type order struct {
	*message
	acknowledged string // serial the follower read, or ""
	applied      int    // effects at the carrier, whatever their serial
	refused      int    // refusals by the carrier's rules
	told         int    // results delivered to the follower under that serial
	toldOther    string // another follower who was told about it, or ""
}

// lost: the follower was promised the order, and the carrier neither did it nor
// refused it with the follower being told.
func (o *order) lost() bool {
	return o.acknowledged != "" && o.applied == 0 && (o.refused == 0 || o.told == 0)
}

func (o *order) doubled() bool { return o.applied > 1 }

func (o *order) neverTold() bool { return o.acknowledged != "" && o.told == 0 }

// item is what identifies an order at the carrier: the plan uses each only once.
type item struct{ phone, code string }

// books are the orders of an arm with the effects and tellings of both ledgers
// booked on them.
type books struct {
	orders     []order
	planned    map[item]int // index into orders
	ambiguous  *order       // two planned orders share its number and product
	unexpected []cl.Entry   // effects that no order explains
	toldTwice  []telling    // one result delivered more than once
	telling    int          // results delivered, by distinct client_msg_id

	repeatedCalls, repeatedTold, strayTold int // listed, no violations
}

// telling is one result of an order reaching one follower.
type telling struct {
	serial, openid string
	times          int
}

// openBooks reads both ledgers against the plan. Effects are matched by telephone
// number and product, not by serial: a server that invents a new serial for a retry
// must not hide the second effect.
func openBooks(a *history.Arm, all []message) *books {
	b := &books{planned: map[item]int{}}
	bySerial := map[string][]int{}
	for i := range all {
		m := &all[i]
		if m.plan.Kind != history.KindOrder {
			continue
		}
		o := order{message: m, acknowledged: m.serial()}
		key := item{m.plan.Phone, m.plan.Code}
		if _, twice := b.planned[key]; twice && b.ambiguous == nil {
			b.ambiguous = &o
		}
		b.planned[key] = len(b.orders)
		if o.acknowledged != "" {
			bySerial[o.acknowledged] = append(bySerial[o.acknowledged], len(b.orders))
		}
		b.orders = append(b.orders, o)
	}
	b.bookEffects(a.Carrier)
	b.bookTellings(a.WeChat, bySerial)
	return b
}

func (b *books) bookEffects(entries []cl.Entry) {
	for _, e := range entries {
		if e.Op != opOrder {
			continue
		}
		i, known := b.planned[item{e.Phone, e.Code}]
		switch e.Effect {
		case cl.EffectApplied:
			if !known || !b.orders[i].reached() {
				b.unexpected = append(b.unexpected, e)
				continue
			}
			b.orders[i].applied++
		case cl.EffectRefused:
			if known {
				b.orders[i].refused++
			}
		case cl.EffectRepeated:
			b.repeatedCalls++
		case cl.EffectNone:
		}
	}
}

func (b *books) bookTellings(calls []wl.Call, bySerial map[string][]int) {
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
			b.repeatedTold++
		case wl.EffectRefused, wl.EffectNone:
		}
	}
	b.telling = len(distinct)
	for d, n := range times {
		if n > 1 {
			b.toldTwice = append(b.toldTwice, telling{d.serial, d.openid, n})
		}
		orders := bySerial[d.serial]
		mine := slices.IndexFunc(orders, func(i int) bool { return b.orders[i].plan.OpenID == d.openid })
		switch {
		case mine >= 0:
			b.orders[orders[mine]].told += n
		case len(orders) > 0:
			o := &b.orders[orders[0]]
			o.toldOther = cmp.Or(o.toldOther, d.openid)
			o.toldOther = min(o.toldOther, d.openid) // the same one whatever the order of the map
		default:
			b.strayTold += n // an order whose serial no follower read
		}
	}
	slices.SortFunc(b.toldTwice, func(x, y telling) int {
		return cmp.Or(cmp.Compare(x.serial, y.serial), cmp.Compare(x.openid, y.openid))
	})
}

// count counts the orders that have a property.
func (b *books) count(has func(*order) bool) int {
	n := 0
	for i := range b.orders {
		if has(&b.orders[i]) {
			n++
		}
	}
	return n
}

func (o *order) isAcknowledged() bool { return o.acknowledged != "" }
