package topology

import (
	"context"
	"net"

	"oalab/scenarios/topology/container"
	"oalab/scenarios/topology/image"
)

// PortEcho is where the partner of a measurement listens.
const PortEcho = "5151"

// echo is the partner of the generator in a measurement of the network.
func (d *docker) echo() container.Spec {
	addr := d.addr(placeEcho, PortEcho)
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
