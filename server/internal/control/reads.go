package control

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"oalab/server/controlpb"
)

// mostQuestions is how many a batch may have, and how many of a stream wait for a refresh.
const mostQuestions = 1024

// Reads answers reads over gRPC (CTL-4). It is safe for concurrent use.
type Reads struct {
	controlpb.UnimplementedTokensServer

	api    *API
	ending chan struct{} // closed when streams are to end
}

// value looks one value up.
func (r *Reads) value(ctx context.Context, q *controlpb.Question) *controlpb.Answer {
	a := &controlpb.Answer{Id: q.GetId()}
	if _, known := r.api.cfg.Find(q.GetAccount()); !known {
		a.Code = int32(codes.NotFound)
		return a
	}
	if !q.GetAnyway() && !r.api.cfg.Members.Has(r.api.cfg.Self, q.GetAccount()) {
		a.Code, a.Members = int32(codes.FailedPrecondition), r.members()
		return a
	}
	from := r.api.cfg.Tokens
	if q.GetKind() == controlpb.Kind_KIND_TICKET {
		from = r.api.cfg.Tickets
	}
	value, version, left, err := from.Lookup(ctx, q.GetAccount())
	if err != nil {
		// Its keeper has logged why, and the cause is no matter of the caller.
		r.api.cfg.Log.DebugContext(ctx, "no token for the caller", "account", q.GetAccount(), "error", err)
		a.Code = int32(codes.Unavailable)
		return a
	}
	a.Value, a.Version, a.ExpiresIn = value, version, int64(left/time.Second)
	return a
}

// members are the nodes, for a caller with another list.
func (r *Reads) members() *controlpb.Members {
	out := &controlpb.Members{Version: r.api.cfg.Members.Version}
	for _, n := range r.api.cfg.Members.Nodes {
		out.Nodes = append(out.Nodes, &controlpb.Member{Name: n.Name, Address: n.Address, Weight: n.Weight, Grpc: n.GRPC})
	}
	return out
}

// Get implements controlpb.TokensServer.
func (r *Reads) Get(ctx context.Context, q *controlpb.Question) (*controlpb.Answer, error) {
	return single(r.value(ctx, q))
}

// single is the answer to a call for one value, whose code is that of the call.
func single(a *controlpb.Answer) (*controlpb.Answer, error) {
	switch code := code(a); code {
	case codes.OK:
		return a, nil
	case codes.NotFound:
		return nil, status.Error(code, "this account is not kept")
	case codes.FailedPrecondition:
		elsewhere, err := status.New(code, "other nodes have this account; the details list them").WithDetails(a.GetMembers())
		if err != nil {
			return nil, fmt.Errorf("list the nodes: %w", err)
		}
		return nil, elsewhere.Err()
	default:
		return nil, status.Error(code, "the platform gives none, and none that was given lives")
	}
}

func code(a *controlpb.Answer) codes.Code {
	if c := a.GetCode(); c >= 0 && c < math.MaxInt8 {
		return codes.Code(c)
	}
	return codes.Unknown
}

// GetBatch implements controlpb.TokensServer. What has to be fetched is fetched at the same time.
func (r *Reads) GetBatch(ctx context.Context, qs *controlpb.Questions) (*controlpb.Answers, error) {
	n := len(qs.GetQuestions())
	if n > mostQuestions {
		return nil, status.Errorf(codes.InvalidArgument, "%d questions, the most are %d", n, mostQuestions)
	}
	out := &controlpb.Answers{Answers: make([]*controlpb.Answer, n)}
	missing := make(chan int, n)
	slow := 0
	for i, q := range qs.GetQuestions() {
		if out.Answers[i] = r.value(atOnce(), q); code(out.Answers[i]) != codes.Unavailable {
			continue
		}
		slow++
		go func() {
			out.Answers[i] = r.value(ctx, q)
			missing <- i
		}()
	}
	for range slow {
		<-missing
	}
	return out, nil
}

// Report implements controlpb.TokensServer.
func (r *Reads) Report(ctx context.Context, refused *controlpb.Refused) (*controlpb.Answer, error) {
	q := &controlpb.Question{Account: refused.GetAccount(), Anyway: refused.GetAnyway()}
	if refused.GetToken() == "" {
		return nil, status.Error(codes.InvalidArgument, "token is empty")
	}
	if a := r.value(atOnce(), q); code(a) != codes.OK && code(a) != codes.Unavailable {
		return single(a)
	}
	if err := r.api.cfg.Tokens.Dead(ctx, refused.GetAccount(), refused.GetToken()); err != nil {
		r.api.cfg.Log.DebugContext(ctx, "a report was not taken", "account", refused.GetAccount(), "error", err)
		return nil, status.Error(codes.Unavailable, "the report cannot be judged now")
	}
	return single(r.value(ctx, q))
}

var errNow = errors.New("what is not in memory is not waited for")

// ended has ended before it began.
var ended = func() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errNow)
	return ctx
}()

// atOnce is the context of a look-up that waits for nothing: a Keeper gives what it has in memory,
// and what it has not it begins to fetch.
func atOnce() context.Context { return ended }
