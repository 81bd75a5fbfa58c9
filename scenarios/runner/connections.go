package runner

import (
	"context"
	"net"
	"sync"
	"sync/atomic"

	"oalab/scenarios/history"
	"oalab/scenarios/probe"
)

// connections counts the connections that the platform has open to the service.
type connections struct{ open atomic.Int64 }

// dial opens a connection and counts it until it is closed.
func (c *connections) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c.open.Add(1)
	return &counted{Conn: conn, open: &c.open}, nil
}

// read is the probe of how many are open.
func (c *connections) read(context.Context) ([]probe.Reading, error) {
	return []probe.Reading{{Name: history.SeriesConnections, Value: float64(c.open.Load())}}, nil
}

type counted struct {
	net.Conn
	open *atomic.Int64
	once sync.Once
}

// Close closes the connection; only the first time counts.
func (c *counted) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}
