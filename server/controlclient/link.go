package controlclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"oalab/server/controlpb"
	"oalab/server/signing"
)

// link is the way to one node over gRPC: a connection, and on it a stream on which many questions
// are under way at a time. It connects when it is asked, and again after its stream has ended.
type link struct {
	app, secret string
	conn        *grpc.ClientConn
	tokens      controlpb.TokensClient

	mu     sync.Mutex
	closed bool
	stream *stream // nil: the next question opens one
	reads  sync.WaitGroup
}

// stream carries questions; the one that reads its answers ends it.
type stream struct {
	grpc.BidiStreamingClient[controlpb.Question, controlpb.Answer]

	end context.CancelFunc

	mu      sync.Mutex // held while a question is sent
	last    uint64     // id of a question
	waiting map[uint64]chan *controlpb.Answer
	err     error // that it has ended by; nothing is sent any more
}

// errEnded says that a stream ended in good order, before it had answered: another one will.
var errEnded = errors.New("the stream has ended")

// newLink makes a link; it connects nowhere yet.
func newLink(address, app, secret string, secured *tls.Config) (*link, error) {
	how := insecure.NewCredentials()
	if secured != nil {
		how = credentials.NewTLS(secured)
	}
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(how),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 2 * time.Second}))
	if err != nil {
		return nil, fmt.Errorf("link to %s: %w", address, err)
	}
	return &link{app: app, secret: secret, conn: conn, tokens: controlpb.NewTokensClient(conn)}, nil
}

// close ends the stream and the connection.
func (l *link) close() {
	l.mu.Lock()
	l.closed = true
	s := l.stream
	l.mu.Unlock()
	if s != nil {
		s.end()
	}
	_ = l.conn.Close() // its error says that it is closed
	l.reads.Wait()
}

// signed adds a signature to a call.
func (l *link) signed(ctx context.Context, method string, message proto.Message) (context.Context, error) {
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("sign a call: %w", err)
	}
	return metadata.NewOutgoingContext(ctx, metadata.New(signing.Metadata(method, raw, l.app, l.secret, time.Now()))), nil
}

// ask reads a value on the stream.
func (l *link) ask(ctx context.Context, q *controlpb.Question) (*controlpb.Answer, error) {
	for tries := 0; ; tries++ {
		s, err := l.open(ctx)
		if err != nil {
			return nil, err
		}
		a, err := s.ask(ctx, q)
		if !errors.Is(err, errEnded) || tries > 1 {
			return a, err
		}
	}
}

// report says that a token was refused.
func (l *link) report(ctx context.Context, r *controlpb.Refused) (*controlpb.Answer, error) {
	ctx, err := l.signed(ctx, controlpb.Tokens_Report_FullMethodName, r)
	if err != nil {
		return nil, err
	}
	a, err := l.tokens.Report(ctx, r)
	if err == nil {
		return a, nil
	}
	switch s := status.Convert(err); s.Code() {
	case codes.NotFound, codes.FailedPrecondition:
		a = &controlpb.Answer{Code: int32(s.Code())} //nolint:gosec // a code of gRPC is below 17
		for _, d := range s.Details() {
			if m, ok := d.(*controlpb.Members); ok {
				a.Members = m
			}
		}
		return a, nil
	default:
		return nil, err
	}
}

// open returns the stream, and opens one when there is none.
func (l *link) open(ctx context.Context) (*stream, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stream != nil && l.stream.alive() {
		return l.stream, nil
	}
	if l.closed {
		return nil, errors.New("the client is closed")
	}
	long, end := context.WithCancel(context.Background())
	defer context.AfterFunc(ctx, end)() // the caller's time is that of the opening, too
	asked, err := l.signed(long, controlpb.Tokens_Stream_FullMethodName, nil)
	if err != nil {
		end()
		return nil, err
	}
	opened, err := l.tokens.Stream(asked)
	if err != nil {
		end()
		return nil, err
	}
	s := &stream{BidiStreamingClient: opened, end: end, waiting: make(map[uint64]chan *controlpb.Answer)}
	l.stream = s
	l.reads.Go(s.read)
	return s, nil
}

func (s *stream) alive() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err == nil
}

// ask sends a question and waits for its answer.
func (s *stream) ask(ctx context.Context, q *controlpb.Question) (*controlpb.Answer, error) {
	answer := make(chan *controlpb.Answer, 1)
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return nil, s.err
	}
	s.last++
	id := s.last
	s.waiting[id] = answer
	q.Id = id
	err := s.Send(q)
	s.mu.Unlock()
	if err != nil && !errors.Is(err, io.EOF) {
		s.end()
	} // the reader learns why, and tells all that wait
	select {
	case a, ok := <-answer:
		if !ok {
			return nil, s.err
		}
		return a, nil
	case <-ctx.Done():
		s.mu.Lock()
		delete(s.waiting, id)
		s.mu.Unlock()
		return nil, ctx.Err()
	}
}

// read hands answers to those who wait for them, until the stream ends.
func (s *stream) read() {
	defer s.end()
	for {
		a, err := s.Recv()
		s.mu.Lock()
		if err != nil {
			if s.err = err; errors.Is(err, io.EOF) {
				s.err = errEnded
			}
			for _, answer := range s.waiting {
				close(answer)
			}
			s.waiting = nil
			s.mu.Unlock()
			return
		}
		answer := s.waiting[a.GetId()]
		delete(s.waiting, a.GetId())
		s.mu.Unlock()
		if answer != nil {
			answer <- a
		}
	}
}
