package server

import (
	"oalab/server/internal/control"
	"oalab/server/internal/part"
)

// openReads opens the socket at which a control node answers reads over gRPC.
func (b *build) openReads(api *control.API) error {
	if b.cfg.Control.GRPCListen == "" {
		return nil
	}
	secured, err := b.cfg.Control.TLS()
	if err != nil {
		return err
	}
	door, err := api.OpenDoor(b.ctx, b.cfg.Control.GRPCListen, secured)
	if err != nil {
		return err
	}
	b.reads = door.Addr()
	b.stops.push("reads over gRPC", door.Stop)
	b.mount(part.Part{Name: "reads over gRPC", Start: func() {
		go func() {
			if err := door.Serve(); err != nil {
				b.fail(err)
			}
		}()
	}})
	return nil
}

// GRPCAddr is the address at which reads are answered over gRPC; "" without control.grpc_listen.
func (s *Server) GRPCAddr() string { return s.reads }
