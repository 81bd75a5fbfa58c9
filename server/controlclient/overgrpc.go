package controlclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"google.golang.org/grpc/codes"

	"oalab/server/controlpb"
)

// links are the ways to nodes over gRPC. The zero value has none.
type links struct {
	mu     sync.Mutex
	closed bool
	of     map[string]*link // by the node's address for gRPC
}

// to returns the link to a node, which is made when there is none.
func (l *links) to(address string, cfg Config) (*link, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, errors.New("the client is closed")
	}
	if known := l.of[address]; known != nil {
		return known, nil
	}
	made, err := newLink(address, cfg.App, cfg.Secret, cfg.TLS)
	if err != nil {
		return nil, err
	}
	if l.of == nil {
		l.of = make(map[string]*link)
	}
	l.of[address] = made
	return made, nil
}

func (l *links) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, way := range l.of {
		way.close()
	}
}

// overGRPC asks one node over gRPC; the status is that of the same answer over HTTP.
func (c *Client) overGRPC(ctx context.Context, node Member, q question, anyway bool) (status int, got given, err error) {
	way, err := c.links.to(node.GRPC, c.cfg)
	if err != nil {
		return 0, given{}, fmt.Errorf("control node %s: %w", node.Name, err)
	}
	var a *controlpb.Answer
	if q.dead != "" {
		a, err = way.report(ctx, &controlpb.Refused{Account: q.account, Token: q.dead, Anyway: anyway})
	} else {
		kind := controlpb.Kind_KIND_TOKEN
		if q.kind == KindTicket {
			kind = controlpb.Kind_KIND_TICKET
		}
		a, err = way.ask(ctx, &controlpb.Question{Account: q.account, Kind: kind, Anyway: anyway})
	}
	if err != nil {
		return 0, given{}, fmt.Errorf("control node %s over gRPC: %w", node.Name, err)
	}
	switch codes.Code(a.GetCode()) { //nolint:gosec // another number is none of the cases
	case codes.OK:
		if a.GetValue() == "" || a.GetExpiresIn() < 0 {
			return 0, given{}, fmt.Errorf("control node %s over gRPC: the answer has no value", node.Name)
		}
		return http.StatusOK, given{Value: a.GetValue(), Version: a.GetVersion(), ExpiresIn: a.GetExpiresIn()}, nil
	case codes.NotFound:
		return http.StatusNotFound, given{}, nil
	case codes.FailedPrecondition:
		return http.StatusMisdirectedRequest, given{Members: fromWire(a.GetMembers())}, nil
	default:
		return http.StatusServiceUnavailable, given{}, nil
	}
}

// fromWire is a list of nodes as a node gave it; nil when it gave none.
func fromWire(m *controlpb.Members) *Members {
	if m == nil {
		return nil
	}
	out := &Members{Version: m.GetVersion()}
	for _, n := range m.GetNodes() {
		out.Nodes = append(out.Nodes, Member{Name: n.GetName(), Address: n.GetAddress(), Weight: n.GetWeight(), GRPC: n.GetGrpc()})
	}
	return out
}
