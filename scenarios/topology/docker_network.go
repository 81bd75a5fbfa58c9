package topology

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	"oalab/scenarios/history"
	"oalab/scenarios/topology/container"
	"oalab/scenarios/topology/image"
)

// Wired is a system of which the network between two hosts can be measured.
type Wired interface {
	// Network measures it with messages of growing size, each batch for so long.
	Network(ctx context.Context, each time.Duration) ([]history.NetworkBatch, error)
}

// portEcho is where the partner of a measurement listens.
const portEcho = "5151"

// echo is the partner of the generator in a measurement of the network.
func (d *docker) echo() container.Spec {
	addr := d.addr(placeEcho, portEcho)
	return container.Spec{
		Name: string(HostEcho), Image: d.images[image.Generator].Ref, Addr: d.place(placeEcho),
		Cmd: []string{"oalab", "pingpong", "--serve", addr}, Init: true, LogPath: d.log(string(HostEcho)),
		Ready: func(ctx context.Context) error {
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
			if err != nil {
				return err
			}
			return conn.Close()
		},
	}
}

// Network lets the generator measure the way to its partner.
func (d *docker) Network(ctx context.Context, each time.Duration) ([]history.NetworkBatch, error) {
	h, ok := d.hosts[HostGenerator]
	if _, partner := d.hosts[HostEcho]; !ok || !partner {
		return nil, errors.New("measure the network: this topology lacks the two hosts for it; set Layout.Generator and Layout.Echo")
	}
	r, err := h.Exec(ctx, "oalab", "pingpong", d.addr(placeEcho, portEcho), "--for", each.String())
	if err != nil {
		return nil, fmt.Errorf("measure the network: %w", err)
	}
	if r.Code != 0 {
		return nil, fmt.Errorf("measure the network: oalab pingpong ended with %d: %s", r.Code, lastLine([]byte(r.Output)))
	}
	var batches []history.NetworkBatch
	if err := json.Unmarshal([]byte(r.Output), &batches); err != nil {
		return nil, fmt.Errorf("measure the network: oalab pingpong said %q: %w", lastLine([]byte(r.Output)), err)
	}
	return batches, nil
}
