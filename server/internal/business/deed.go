package business

import (
	"cmp"
	"context"

	"oalab/server/carrier"
)

// OrderKind says what an order asks the carrier for.
type OrderKind string

// The kinds of orders.
const (
	OrderOfProduct OrderKind = "product"
	OrderOfPackage OrderKind = "package" // another main package
	OrderOfData    OrderKind = "data"    // that a follower has won (Redeem)
	OrderOfMoney   OrderKind = "money"   // that a follower has paid (TopUp)
)

// kindOf is the kind of the orders of a code.
func kindOf(s Sort) OrderKind {
	if s == SortPackage {
		return OrderOfPackage
	}
	return OrderOfProduct
}

// deed is how the orders of one kind are done at the carrier.
type deed struct {
	called string // the operation, by which the state of an order is asked for
	send   func(context.Context, Carrier, Order) error
}

// deeds are those of all kinds. They are not changed.
var deeds = map[OrderKind]deed{
	OrderOfProduct: {carrier.OpOrderProduct, func(ctx context.Context, c Carrier, o Order) error {
		return c.OrderProduct(ctx, o.Serial, o.Phone, o.Product, o.Effect)
	}},
	OrderOfPackage: {carrier.OpChangePackage, func(ctx context.Context, c Carrier, o Order) error {
		return c.ChangePackage(ctx, o.Serial, o.Phone, o.Product, cmp.Or(o.Effect, carrier.EffectiveNow))
	}},
	OrderOfData: {carrier.OpRedeemData, func(ctx context.Context, c Carrier, o Order) error {
		return c.RedeemData(ctx, o.Serial, o.Phone, o.MB, o.Product)
	}},
	OrderOfMoney: {carrier.OpTopUp, func(ctx context.Context, c Carrier, o Order) error {
		_, err := c.TopUp(ctx, o.Serial, o.Phone, o.Fen, "")
		return err
	}},
}

// deed is how an order is done; false: this version does not know the kind.
func (o Order) deed() (deed, bool) {
	d, ok := deeds[cmp.Or(o.Kind, OrderOfProduct)]
	return d, ok
}
