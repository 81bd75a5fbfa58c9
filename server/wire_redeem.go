package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"oalab/server/internal/business"
	"oalab/server/internal/packet"
	packetstore "oalab/server/internal/packet/store"
	"oalab/server/internal/part"
)

// An order takes what a redemption may have.
const _ = uint(business.MaxRedeem - packet.MaxRedeem)

// redemptions order the data of red packets that followers move to their phones (CAM-2). The worker
// does it: it has the carrier's orders.
func (b *build) redemptions() (part.Part, error) {
	db, wrong := b.core()
	orders, err := b.orders()
	if err = errors.Join(wrong, err); err != nil {
		return part.Part{}, err
	}
	redeemer, err := packet.NewRedeemer(time.Duration(b.cfg.Packet.RedeemEvery), packetstore.New(db), dataOrders{orders}, b.log, b.reg)
	if err != nil {
		return part.Part{}, err
	}
	return part.Part{Name: "redemptions", Loops: []part.Loop{{Name: "redemptions", Run: redeemer.Run}}}, nil
}

// dataOrders orders redemptions as any order. One redemption is one source.
type dataOrders struct{ orders *business.Service }

// Redeem implements packet.Orders.
func (d dataOrders) Redeem(ctx context.Context, r packet.Redemption) (packet.OrderEnd, error) {
	of := sha256.Sum256([]byte(r.Account + " " + r.OpenID + " " + r.Serial))
	o, err := d.orders.Redeem(ctx, business.Redemption{
		Account: r.Account, OpenID: r.OpenID, Source: "packet:" + hex.EncodeToString(of[:]), Campaign: "redpacket", MB: r.Units,
	})
	switch {
	case err != nil:
		return packet.OrderUnderWay, err
	case o.State == business.StateDone:
		return packet.OrderDone, nil
	case o.State == business.StateFailed:
		return packet.OrderRefused, nil
	}
	return packet.OrderUnderWay, nil
}
