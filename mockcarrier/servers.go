package mockcarrier

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// servers are the two ports of a started carrier.
type servers struct {
	service, control *port
}

const stopPatience = 500 * time.Millisecond

type port struct {
	addr   string
	server *http.Server
	served chan error // the end of Serve
}

// Start listens on both addresses, such as 127.0.0.1:0, and serves until Stop.
// A port that cannot be had is an error here; ctx bounds the listening only.
func (c *Carrier) Start(ctx context.Context, listen, control string) error {
	if c.servers.service != nil {
		return errors.New("mock carrier: started already")
	}
	service, err := open(ctx, listen, c.Handler(), c.cfg.Log)
	if err != nil {
		return fmt.Errorf("mock carrier: service port: %w", err)
	}
	c.servers.control, err = open(ctx, control, c.ControlHandler(), c.cfg.Log)
	if err != nil {
		err = fmt.Errorf("mock carrier: control port: %w", err)
		return errors.Join(err, service.stop(ctx))
	}
	c.servers.service = service
	return nil
}

// Addr is the address of the service, host and port, once started.
func (c *Carrier) Addr() string { return c.servers.service.address() }

// ControlAddr is the address of the control port, once started.
func (c *Carrier) ControlAddr() string { return c.servers.control.address() }

func (p *port) address() string {
	if p == nil {
		return ""
	}
	return p.addr
}

func open(ctx context.Context, address string, h http.Handler, log *slog.Logger) (*port, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	p := &port{
		addr: l.Addr().String(),
		server: &http.Server{
			Handler:           h,
			ReadHeaderTimeout: 10 * time.Second,
			IdleTimeout:       2 * time.Minute,
			MaxHeaderBytes:    64 << 10,
			ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		},
		served: make(chan error, 1),
	}
	go func() { p.served <- p.server.Serve(l) }()
	return p, nil
}

// stop ends serving and waits until it has ended.
func (p *port) stop(ctx context.Context) error {
	if p == nil {
		return nil
	}
	// Calls have been broken off by now. What Shutdown may still wait for are
	// connections on which nothing was asked yet, and they are not worth it.
	patience, cancel := context.WithTimeout(ctx, stopPatience)
	defer cancel()
	var err error
	if p.server.Shutdown(patience) != nil {
		err = p.server.Close()
	}
	if end := <-p.served; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, end)
	}
	return err
}

func (s *servers) stop(ctx context.Context) error {
	if err := errors.Join(s.service.stop(ctx), s.control.stop(ctx)); err != nil {
		return fmt.Errorf("mock carrier: stop: %w", err)
	}
	return nil
}
