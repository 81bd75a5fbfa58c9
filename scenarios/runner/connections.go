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
type connections struct {
	open atomic.Int64
	peak atomic.Int64 // the most since it was read last
}

// dial opens a connection and counts it until it is closed.
func (c *connections) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	n := c.open.Add(1)
	for peak := c.peak.Load(); n > peak && !c.peak.CompareAndSwap(peak, n); {
		peak = c.peak.Load()
	}
	return &counted{Conn: conn, open: &c.open}, nil
}

// read is the probe of how many were open at the most since the last read.
func (c *connections) read(context.Context) ([]probe.Reading, error) {
	return []probe.Reading{{Name: history.SeriesConnections, Value: float64(max(c.peak.Swap(c.open.Load()), c.open.Load()))}}, nil
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
