package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"oalab/server/internal/business"
	"oalab/server/internal/oauth"
	"oalab/server/internal/part"
	"oalab/server/internal/payapi"
	"oalab/server/internal/topup"
	topupstore "oalab/server/internal/topup/store"
)

// What stands between the top-ups, their store and WeChat Pay.
var (
	_ topup.Store = (*topupstore.Store)(nil)
	_ topup.Pay   = (*payapi.Client)(nil)
)

// topUpPages are the page of the top-ups, and the address of their notifications. Without a
// merchant there are none.
func (b *build) topUpPages() (part.Part, error) {
	if !b.cfg.takesPayments() {
		return part.Part{}, nil
	}
	service, err := b.topUps()
	if err != nil {
		return part.Part{}, err
	}
	return part.Part{Name: "topup", Routes: service.Routes()}, nil
}

// topUpSweeper does the steps of top-ups that are due.
func (b *build) topUpSweeper() (part.Part, error) {
	if !b.cfg.takesPayments() {
		return part.Part{}, nil
	}
	service, err := b.topUps()
	if err != nil {
		return part.Part{}, err
	}
	return part.Part{Loops: []part.Loop{{Name: "topup", Run: service.Sweep}}}, nil
}

// topUps are the top-ups that followers pay.
func (b *build) topUps() (*topup.Service, error) { return shared(b, "topup", b.openTopUps) }

// openTopUps makes the top-ups.
func (b *build) openTopUps() (*topup.Service, error) {
	var err error
	db := ask(&err, b.stores)
	orders := ask(&err, b.orders)
	logins := ask(&err, b.logins)
	phones := ask(&err, b.phones)
	zone := ask(&err, b.zone)
	pay := ask(&err, b.payments)
	if err != nil {
		return nil, err
	}
	cfg := topup.Config{Settings: b.cfg.TopUp, NewSerial: func() string { return business.NewSerial(time.Now()) }, Zone: zone, ScriptBase: b.cfg.WeChat.JSBase}
	return topup.New(cfg, topupstore.New(db.db), b.planted.payments(pay), carried{orders}, payers{logins, phones}, b.log, b.reg)
}

// payments is the client of WeChat Pay.
func (b *build) payments() (*payapi.Client, error) {
	cfg := payapi.Config{Base: b.cfg.WeChat.PayBase}
	for _, a := range b.cfg.Accounts {
		if a.Pay.MchID != "" {
			cfg.Merchants = append(cfg.Merchants, payapi.Merchant{
				Account: a.Name, AppID: a.AppID, MchID: a.Pay.MchID, CertificateSerial: a.Pay.CertificateSerial,
				PrivateKey: string(a.Pay.PrivateKey), APIv3Key: string(a.Pay.APIv3Key),
			})
		}
	}
	client, err := payapi.New(cfg)
	if err != nil {
		return nil, err
	}
	b.stops.push("client of WeChat Pay", func(context.Context) error { client.Close(); return nil })
	return client, nil
}

// moneyEnded books the end of the order of a top-up.
func moneyEnded(s topup.Store) func(ctx context.Context, o business.Order) error {
	return func(ctx context.Context, o business.Order) error {
		return topup.Settle(ctx, s, o.Serial, o.State == business.StateDone, o.Reason)
	}
}

// carried are the orders of top-ups.
type carried struct{ orders *business.Service }

// Accept implements topup.Orders.
func (c carried) Accept(ctx context.Context, t topup.TopUp) error {
	_, err := c.orders.TopUp(ctx, business.TopUp{Serial: t.Serial, Account: t.Account, OpenID: t.OpenID, Phone: t.Phone, Fen: t.Fen})
	return err
}

// Ending implements topup.Orders.
func (c carried) Ending(ctx context.Context, serial string) (topup.Ending, error) {
	o, err := c.orders.Order(ctx, serial)
	if errors.Is(err, business.ErrNoOrder) {
		return topup.Ending{}, nil
	}
	return topup.Ending{Known: true, Ended: o.State.Finished(), Done: o.State == business.StateDone, Reason: o.Reason}, err
}

// payers takes from the login who asks, and from the bindings for which number.
type payers struct {
	logins *oauth.Service
	business.Phones
}

// Follower implements topup.Followers.
func (p payers) Follower(w http.ResponseWriter, r *http.Request, account string) (topup.Follower, error) {
	session, err := p.logins.Caller(w, r, account)
	return topup.Follower{OpenID: session.OpenID, Snapshot: session.Snapshot}, err
}
