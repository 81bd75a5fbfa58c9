package control

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"oalab/server/controlpb"
	"oalab/server/internal/signedapi"
	"oalab/server/internal/web"
	"oalab/server/signing"
)

// Door answers reads over gRPC at a socket of its own. Serve is called once at the most.
type Door struct {
	api    *API
	socket net.Listener
	server *grpc.Server
	reads  *Reads
	end    sync.Once
}

// What a caller may take of a node.
const (
	mostBytes   = 1 << 20
	mostStreams = 1000 // at a time, of a connection
	idle        = 5 * time.Minute
	handshake   = 5 * time.Second
)

// OpenDoor opens the socket. A nil configuration of TLS means connections in the clear.
func (a *API) OpenDoor(ctx context.Context, address string, secured *tls.Config) (*Door, error) {
	socket, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("control.grpc_listen: %w", err)
	}
	d := &Door{api: a, socket: socket, reads: &Reads{api: a, ending: make(chan struct{})}}
	options := []grpc.ServerOption{
		grpc.UnaryInterceptor(d.call), grpc.StreamInterceptor(d.stream),
		grpc.MaxRecvMsgSize(mostBytes), grpc.MaxConcurrentStreams(mostStreams), grpc.ConnectionTimeout(handshake),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: handshake, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: idle, Time: time.Minute, Timeout: handshake}),
	}
	if secured != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(secured)))
	}
	d.server = grpc.NewServer(options...)
	controlpb.RegisterTokensServer(d.server, d.reads)
	return d, nil
}

// Addr is the address of the socket.
func (d *Door) Addr() string { return d.socket.Addr().String() }

// Serve answers until Stop.
func (d *Door) Serve() error { return d.server.Serve(d.socket) }

// Stop ends streams, lets calls under way end, and closes the socket; when ctx ends it cuts them short.
func (d *Door) Stop(ctx context.Context) error {
	d.end.Do(func() { close(d.reads.ending) })
	done := make(chan struct{})
	go func() { d.server.GracefulStop(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		d.server.Stop()
		<-done
	}
	_ = d.socket.Close() // it is closed already, if it was ever served
	return nil
}

// call lets a call through whose app may read tokens.
func (d *Door) call(ctx context.Context, message any, info *grpc.UnaryServerInfo, serve grpc.UnaryHandler) (any, error) {
	m, ok := message.(proto.Message)
	if !ok {
		return nil, status.Error(codes.Internal, "the message is none of the service")
	}
	if err := d.admit(ctx, info.FullMethod, m); err != nil {
		return nil, err
	}
	return serve(ctx, message)
}

// stream lets a stream through whose app may read tokens.
func (d *Door) stream(service any, s grpc.ServerStream, info *grpc.StreamServerInfo, serve grpc.StreamHandler) error {
	if err := d.admit(s.Context(), info.FullMethod, nil); err != nil {
		return err
	}
	return serve(service, s)
}

// admit judges who calls: by its certificate, or by its signature.
func (d *Door) admit(ctx context.Context, method string, message proto.Message) error {
	err := d.judge(ctx, method, message)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, web.ErrSignature):
		return status.Error(codes.Unauthenticated, err.Error())
	case errors.Is(err, web.ErrForbidden):
		return status.Error(codes.PermissionDenied, err.Error())
	default:
		return status.Error(codes.Unavailable, "the call cannot be judged now")
	}
}

func (d *Door) judge(ctx context.Context, method string, message proto.Message) error {
	if p, ok := peer.FromContext(ctx); ok {
		if shown, ok := p.AuthInfo.(credentials.TLSInfo); ok && len(shown.State.VerifiedChains) > 0 {
			_, err := d.api.cfg.Verifier.Certified(shown.State.PeerCertificates[0].Subject.CommonName, signedapi.RightTokens)
			return err
		}
	}
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	if err != nil {
		return fmt.Errorf("%w: the message cannot be written again", web.ErrSignature)
	}
	given, _ := metadata.FromIncomingContext(ctx)
	one := func(name string) string {
		if all := given.Get(signing.MetaPrefix + name); len(all) == 1 {
			return all[0]
		}
		return ""
	}
	claim := signedapi.Claim{
		App: one(signing.ParamApp), Timestamp: one(signing.ParamTimestamp), Nonce: one(signing.ParamNonce),
		Type: one(signing.ParamSignType), Sign: one(signing.ParamSign),
	}
	query := url.Values{signing.ParamApp: {claim.App}, signing.ParamTimestamp: {claim.Timestamp}, signing.ParamNonce: {claim.Nonce}}
	if claim.Type != "" {
		query.Set(signing.ParamSignType, claim.Type)
	}
	_, err = d.api.cfg.Verifier.VerifyText(ctx, signing.Text(http.MethodPost, method, query, raw), claim, signedapi.RightTokens)
	return err
}
