package carrierapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v5"

	"oalab/server/carrier"
)

// port is the endpoint that the WSDL names.
type port struct {
	version carrier.Version
	address string
	actions map[string]string
}

// wsdlTries is how often one call tries to fetch the WSDL within its time.
const wsdlTries = 3

// find returns the endpoint. The first caller fetches the WSDL, the others wait
// for it; after a failure the next caller tries again.
func (c *Client) find(ctx context.Context) (*port, error) {
	if p := c.port.Load(); p != nil {
		return p, nil
	}
	select {
	case c.finding <- struct{}{}:
		defer func() { <-c.finding }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the WSDL: %w", ctx.Err())
	}
	if p := c.port.Load(); p != nil {
		return p, nil
	}
	p, err := backoff.Retry(ctx, func() (*port, error) { return c.fetch(ctx) },
		backoff.WithBackOff(backoff.NewConstantBackOff(50*time.Millisecond)), backoff.WithMaxTries(wsdlTries))
	if err != nil {
		return nil, fmt.Errorf("fetch WSDL %s: %w", c.wsdl, err)
	}
	c.port.Store(p)
	return p, nil
}

// forget makes the next call read the WSDL again.
func (c *Client) forget(p *port) { c.port.CompareAndSwap(p, nil) }

func (c *Client) fetch(ctx context.Context) (*port, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.wsdl, nil)
	if err != nil {
		return nil, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP status %d", res.StatusCode)
	}
	d, err := carrier.ReadWSDL(raw)
	if err != nil {
		return nil, err
	}
	for _, v := range []carrier.Version{carrier.SOAP11, carrier.SOAP12} {
		if address := d.Addresses[v]; address != "" {
			return &port{version: v, address: address, actions: d.Actions}, nil
		}
	}
	return nil, fmt.Errorf("the WSDL names no address")
}
