package topology

import (
	"context"
	"fmt"
	"time"

	"oalab/scenarios/history"
)

// Packets is how the servers divide and keep red packets. The login servers have the role then.
type Packets struct {
	// Allocator divides random packets; "" means the server's own.
	Allocator string
	// Life is how long a packet can be grabbed; 0 means the server's own day.
	Life time.Duration
	// Daily is what the daily packet holds, for every follower.
	Daily int
}

// returnEvery is how often a server looks for packets that have ended.
const returnEvery = 500 * time.Millisecond

type packetConfig struct {
	Allocator   string `yaml:"allocator,omitempty"`
	Life        string `yaml:"life,omitempty"`
	Daily       string `yaml:"daily"`
	ReturnEvery string `yaml:"return_every"`
}

// packetsOf is the stanza of the red packets.
func packetsOf(p *Packets) *packetConfig {
	if p == nil {
		return nil
	}
	c := &packetConfig{Allocator: p.Allocator, Daily: fmt.Sprintf("0:%d", p.Daily), ReturnEvery: returnEvery.String()}
	if p.Life > 0 {
		c.Life = p.Life.String()
	}
	return c
}

// loginRoles are the roles of a login server.
func (s Spec) loginRoles() string {
	if s.Packets != nil {
		return "oauth,campaign"
	}
	return "oauth"
}

// PacketBooks are the books of the red packets in one database. They are safe for concurrent use.
type PacketBooks interface {
	// Host is where the database is.
	Host() string
	// Sums are those of all books in one snapshot, by the names of history.BooksSeries.
	Sums(context.Context) (map[string]int64, error)
	// Open is how many packets have not ended.
	Open(context.Context) (int, error)
	// Rows are all packets and balances in one snapshot.
	Rows(context.Context) ([]history.PacketRow, []history.BalanceRow, error)
	// Close ends the connections.
	Close() error
}

// Books are the databases of a system with red packets. They end with it.
type Books interface {
	PacketBooks() ([]PacketBooks, error)
}

// BooksOf returns the databases of a running system.
func BooksOf(s System) (Books, error) { return power[Books](s, PowerBooks) }
