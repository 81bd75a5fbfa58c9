package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"oalab/server/internal/cache"
	"oalab/server/internal/oauth"
	"oalab/server/internal/packet"
	packetstore "oalab/server/internal/packet/store"
	"oalab/server/internal/part"
	"oalab/server/internal/userlog"
	userlogstore "oalab/server/internal/userlog/store"
)

// packets are the red packets: their API, and the return of those whose time has passed.
func (b *build) packets() (part.Part, error) {
	var err error
	db := ask(&err, b.core)
	redis := ask(&err, b.redis)
	logins := ask(&err, b.logins)
	rows := ask(&err, b.logRows)
	phones := ask(&err, b.phones)
	zone, wrong := b.cfg.Carrier.TimeZone.Location()
	if err = errors.Join(err, wrong); err != nil {
		return part.Part{}, err
	}
	// What the gate knows is true for ever. It is kept for a day longer than a packet lives.
	gate := cache.NewPackets(redis, time.Duration(b.cfg.Packet.Life)+24*time.Hour)
	cfg := b.planted.packets(packet.Config{Settings: b.cfg.Packet, Accounts: b.accountNames(), Zone: zone})
	service, err := packet.New(cfg, b.planted.books(packetstore.New(db)), gate, loggedIn{logins}, activity{userlogstore.New(rows, zone)}, phones, b.log, b.reg)
	if err != nil {
		return part.Part{}, err
	}
	return part.Part{Name: "packets", Routes: service.Routes(), Loops: []part.Loop{{Name: "packets", Run: service.Run}}}, nil
}

// loggedIn takes from the login who asks for a packet.
type loggedIn struct{ logins *oauth.Service }

// Follower implements packet.Followers.
func (l loggedIn) Follower(w http.ResponseWriter, r *http.Request, account string) (packet.Follower, error) {
	session, err := l.logins.Caller(w, r, account)
	return packet.Follower{OpenID: session.OpenID, Snapshot: session.Snapshot}, err
}

// activity takes from the user log how active a follower is.
type activity struct{ rows *userlogstore.Store }

// Messages implements packet.Activity.
func (a activity) Messages(ctx context.Context, account, openid string, since time.Time, limit int) (int, error) {
	rows, err := a.rows.Messages(ctx, userlog.Filter{Account: account, OpenID: openid, From: since, To: since.AddDate(1, 0, 0), Limit: limit})
	return len(rows), err
}
