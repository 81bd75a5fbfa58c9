package control

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"oalab/server/controlpb"
)

// streamLife is how long a stream lives on one signature.
const streamLife = 4 * time.Minute

// Stream implements controlpb.TokensServer. What is in memory is answered in the order in which it
// was asked for; what has to be fetched follows when it is there, and holds nothing up.
func (r *Reads) Stream(s grpc.BidiStreamingServer[controlpb.Question, controlpb.Answer]) error {
	over := time.NewTimer(streamLife)
	defer over.Stop()
	out := &sender{to: s}
	done := make(chan error, 1)
	go func() { done <- r.listen(s.Context(), s, out) }()
	var err error
	select {
	case err = <-done:
	case <-over.C:
	case <-r.ending:
	}
	out.close()
	return err
}

// listen answers until the caller has no more questions.
func (r *Reads) listen(ctx context.Context, from grpc.BidiStreamingServer[controlpb.Question, controlpb.Answer], to *sender) error {
	var fetched sync.WaitGroup
	defer fetched.Wait()
	places := make(chan struct{}, mostQuestions)
	for {
		q, err := from.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if a := r.value(atOnce(), q); code(a) != codes.Unavailable {
			to.send(a)
			continue
		}
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		fetched.Go(func() {
			to.send(r.value(ctx, q))
			<-places
		})
	}
}

// sender sends the answers of a stream, one at a time, until it is closed.
type sender struct {
	to grpc.ServerStreamingServer[controlpb.Answer]

	mu     sync.Mutex
	closed bool
}

// send sends an answer. Its error is the end of the stream, of which its reader hears, too.
func (s *sender) send(a *controlpb.Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = s.to.Send(a) != nil
	}
}

func (s *sender) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}
