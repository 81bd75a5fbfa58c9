package cache

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"oalab/server/internal/packet"
)

// Packets knows which red packets have nothing left, and for how long which followers have their
// share (CAM-6). It only ever refuses: what it knows was read from the database, and never
// changes there. Without Redis nothing is known. It is safe for concurrent use.
type Packets struct {
	client *Client
	life   time.Duration
}

// NewPackets makes a Packets that keeps what it knows for as long as life.
func NewPackets(c *Client, life time.Duration) *Packets { return &Packets{client: c, life: life} }

var _ packet.Gate = (*Packets)(nil)

func packetKey(account, id string) string { return "oalab:packet:" + account + ":" + id }

func shareKey(account, id, openid string) string { return packetKey(account, id) + ":" + openid }

// both reads two keys, of which either may be missing.
var both = redis.NewScript(`return (redis.call('GET', KEYS[1]) or '') .. '|' .. (redis.call('GET', KEYS[2]) or '')`)

// closings are the words for what a packet may have come to.
var closings = map[string]error{"sold out": packet.ErrSoldOut, "ended": packet.ErrEnded}

// Look implements packet.Gate.
func (p *Packets) Look(ctx context.Context, account, id, openid string) (k packet.Known) {
	var raw string
	ok := p.client.visit(ctx, cachePackets, resultHit, func(ctx context.Context) (err error) {
		raw, err = both.Run(ctx, p.client.rdb, []string{packetKey(account, id), shareKey(account, id, openid)}).Text()
		return err
	})
	closing, share, form := strings.Cut(raw, "|")
	if !ok || !form {
		return packet.Known{}
	}
	if mine, err := strconv.ParseInt(share, 10, 64); err == nil {
		k.Has, k.Mine = true, mine
	}
	k.Closed = closings[closing]
	return k
}

// Close implements packet.Gate.
func (p *Packets) Close(ctx context.Context, account, id string, why error) {
	for word, closing := range closings {
		if errors.Is(why, closing) {
			p.client.visit(ctx, cachePackets, resultDone, func(ctx context.Context) error {
				return p.client.rdb.Set(ctx, packetKey(account, id), word, p.life).Err()
			})
		}
	}
}

// Grabbed implements packet.Gate.
func (p *Packets) Grabbed(ctx context.Context, account, id, openid string, units int64) {
	p.client.visit(ctx, cachePackets, resultDone, func(ctx context.Context) error {
		return p.client.rdb.Set(ctx, shareKey(account, id, openid), strconv.FormatInt(units, 10), p.life).Err()
	})
}
