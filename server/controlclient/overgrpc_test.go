package controlclient_test

import (
	"context"
	"net"
	"net/http"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"oalab/internal/deadport"
	"oalab/server/controlclient"
	"oalab/server/controlpb"
)

// tokens is what a node of a test answers over gRPC, from the same values as over HTTP.
type tokens struct {
	controlpb.UnimplementedTokensServer

	node *node
	most int // questions of a stream, after which it ends; 0 means no bound
}

// overGRPC lets a node answer over gRPC, too.
func (n *node) overGRPC(t *testing.T, most int) *grpc.Server {
	t.Helper()
	socket, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	controlpb.RegisterTokensServer(s, &tokens{node: n, most: most})
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.Serve(socket); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { s.Stop(); <-done })
	n.member.GRPC = socket.Addr().String()
	return s
}

// Stream implements controlpb.TokensServer.
func (k *tokens) Stream(s grpc.BidiStreamingServer[controlpb.Question, controlpb.Answer]) error {
	if m, _ := metadata.FromIncomingContext(s.Context()); len(m.Get("oalab-sign")) != 1 {
		return status.Error(codes.Unauthenticated, "unsigned")
	}
	for i := 1; ; i++ {
		q, err := s.Recv()
		if err != nil || k.most > 0 && i > k.most {
			return nil //nolint:nilerr // the client has left, or the life of the stream is over
		}
		if err := s.Send(k.answer(q)); err != nil {
			return err
		}
	}
}

func (k *tokens) answer(q *controlpb.Question) *controlpb.Answer {
	n := k.node
	n.mu.Lock()
	defer n.mu.Unlock()
	what := "gRPC " + q.GetAccount()
	if q.GetKind() == controlpb.Kind_KIND_TICKET {
		what += " ticket"
	}
	if q.GetAnyway() {
		what += " anyway"
	}
	n.asked = append(n.asked, what)
	a := &controlpb.Answer{Id: q.GetId()}
	switch {
	case n.list != nil && !n.list.Has(n.member.Name, q.GetAccount()) && !q.GetAnyway():
		a.Code, a.Members = int32(codes.FailedPrecondition), &controlpb.Members{Version: n.list.Version}
		for _, m := range n.list.Nodes {
			a.Members.Nodes = append(a.Members.Nodes, &controlpb.Member{Name: m.Name, Address: m.Address, Grpc: m.GRPC})
		}
	case n.status == http.StatusNotFound:
		a.Code = int32(codes.NotFound)
	case n.status != 0:
		a.Code = int32(codes.Unavailable)
	default:
		a.Value, a.Version, a.ExpiresIn = n.value, n.version, n.life
	}
	return a
}

// Report implements controlpb.TokensServer.
func (k *tokens) Report(_ context.Context, r *controlpb.Refused) (*controlpb.Answer, error) {
	k.node.mu.Lock()
	if r.GetToken() == k.node.value {
		k.node.value, k.node.version = k.node.value+"+", k.node.version+1
	}
	k.node.mu.Unlock()
	return k.answer(&controlpb.Question{Account: r.GetAccount() + " reported"}), nil
}

// TestReadsAreAskedForOverGRPC: a node with an address for gRPC is asked there, on one stream after
// the other; a report goes there, too.
func TestReadsAreAskedForOverGRPC(t *testing.T) {
	t.Parallel()
	n := newNode(t, "a")
	n.overGRPC(t, 3)
	c := open(t, 1, n.member)
	for _, account := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		if got := token(t, c, account); got != "TOKEN" {
			t.Errorf("%s: %q", account, got)
		}
		if asked := n.set(nil); len(asked) != 1 || asked[0] != "gRPC "+account {
			t.Errorf("asked %q", asked)
		}
	}
	if _, err := c.Tickets().Token(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	if asked := n.set(nil); len(asked) != 1 || asked[0] != "gRPC a ticket" {
		t.Errorf("asked %q", asked)
	}
	c.Tokens().Report("a", "TOKEN")
	if got, asked := token(t, c, "a"), n.set(nil); got != "TOKEN+" || len(asked) != 1 || asked[0] != "gRPC a reported" {
		t.Errorf("%q; asked %q", got, asked)
	}
}

// TestAClientFailsOverOverBoth: what cannot be had over gRPC is asked for over HTTP, and what a node
// does not give is asked for at the others.
func TestAClientFailsOverOverBoth(t *testing.T) {
	t.Parallel()
	a, b, d := newNode(t, "a"), newNode(t, "b"), newNode(t, "d")
	stop := a.overGRPC(t, 0)
	b.overGRPC(t, 0)
	d.member.GRPC = deadport.Addr(t)
	list := controlclient.Members{Version: 7, Nodes: []controlclient.Member{a.member, b.member, d.member}}
	for _, n := range []*node{a, b, d} {
		n.list = &list
	}
	c := open(t, 1, a.member)
	asked := func() [3][]string { return [3][]string{a.set(nil), b.set(nil), d.set(nil)} }
	// By the list that a node without the account gave.
	account := ofNode(t, list, "b", "d")
	if got, all := token(t, c, account), asked(); got != "TOKEN" || c.Version() != 7 || len(all[0]) != 1 || len(all[1]) != 1 || len(all[2]) != 0 {
		t.Errorf("%q, list %d, asked %q", got, c.Version(), all)
	}
	account = ofNode(t, list, "d", "b")
	if got, all := token(t, c, account), asked(); got != "TOKEN" || len(all[2]) != 1 || all[2][0] != "GET "+account+"/token" {
		t.Errorf("a node without gRPC: %q, asked %q", got, all)
	}
	stop.Stop()
	account = ofNode(t, list, "a", "b")
	if got, all := token(t, c, account), asked(); got != "TOKEN" || len(all[0]) != 1 || all[0][0] != "GET "+account+"/token" {
		t.Errorf("a node whose gRPC is gone: %q, asked %q", got, all)
	}
	a.server.Close()
	account = ofNode(t, list, "a", "d") + "x"
	if got := token(t, c, account); got != "TOKEN" {
		t.Errorf("a node that is gone: %q, asked %q", got, asked())
	}
	b.set(func() { b.status = http.StatusServiceUnavailable })
	account = ofNode(t, list, "b", "a") + "x"
	if got := token(t, c, account); got != "TOKEN" {
		t.Errorf("a node that has none: %q", got)
	}
}
