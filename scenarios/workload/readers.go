package workload

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"oalab/mockwechat"
	"oalab/scenarios/history"
	"oalab/server/controlclient"
)

// ReadersConfig says where the reads of Readers go. All of it is required.
type ReadersConfig struct {
	Plan []history.PlannedOp // of PlanTokenReads; it must not change
	// Nodes are the control nodes, App and Secret what may read there.
	Nodes       []controlclient.Member
	App, Secret string
	// Limit is that of one question to one node.
	Limit time.Duration
}

// Readers carry out a load of token reads with the Go client of the control nodes, one for each
// way. They are safe for concurrent use, and must be closed.
type Readers struct {
	plan    []history.PlannedOp
	limit   time.Duration
	clients map[string]*controlclient.Client // by way

	mu    sync.Mutex
	reads []history.TokenRead
}

const (
	// askedAnew is how many accounts a reader has in memory that is to ask the nodes. It has to
	// be far below the number of accounts.
	askedAnew = 16
	// firstReads is how many accounts are read at a time before the load.
	firstReads = 64
)

// NewReaders makes Readers. They ask nothing yet.
func NewReaders(cfg ReadersConfig) (*Readers, error) {
	plain := make([]controlclient.Member, len(cfg.Nodes))
	for i, n := range cfg.Nodes {
		plain[i] = controlclient.Member{Name: n.Name, Address: n.Address, Weight: n.Weight}
	}
	r := &Readers{plan: cfg.Plan, limit: cfg.Limit, clients: map[string]*controlclient.Client{}}
	for _, w := range []struct {
		way      string
		nodes    []controlclient.Member
		capacity int
	}{{history.WayGRPC, cfg.Nodes, askedAnew}, {history.WayHTTP, plain, askedAnew}, {history.WayKept, cfg.Nodes, 0}} {
		c, err := controlclient.New(controlclient.Config{
			Members: controlclient.Members{Version: 1, Nodes: w.nodes}, App: cfg.App, Secret: cfg.Secret, Timeout: cfg.Limit, Capacity: w.capacity,
		})
		if err != nil {
			r.Close()
			return nil, fmt.Errorf("make the readers of way %s: %w", w.way, err)
		}
		r.clients[w.way] = c
	}
	return r, nil
}

// Close ends the readers' connections.
func (r *Readers) Close() {
	for _, c := range r.clients {
		c.Close()
	}
}

// Enter reads the token of each account once, as an app server that was just started does.
func (r *Readers) Enter(ctx context.Context, accounts []string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(firstReads)
	for _, account := range accounts {
		group.Go(func() error {
			if _, err := r.clients[history.WayKept].Tokens().Token(ctx, account); err != nil {
				return fmt.Errorf("first read of the token of account %s: %w", account, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// Reads are those that have ended, in the order of their ends.
func (r *Readers) Reads() []history.TokenRead {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]history.TokenRead(nil), r.reads...)
}

// RoundTrip carries one operation out. Its answer has status 200 when a token came.
func (r *Readers) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		_ = req.Body.Close() // a RoundTripper must; there is nothing in it
	}
	seq, err := strconv.ParseUint(req.Header.Get(headerSeq), 10, 64)
	if err != nil || seq >= uint64(len(r.plan)) {
		return nil, fmt.Errorf("operation %q: the plan has %d", req.Header.Get(headerSeq), len(r.plan))
	}
	if err := r.read(req.Context(), &r.plan[seq]); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK",
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody, Request: req,
	}, nil
}

// patientReads is how many questions to nodes a reader waits for.
const patientReads = 5

func (r *Readers) read(ctx context.Context, op *history.PlannedOp) error {
	client := r.clients[op.Event]
	if client == nil {
		return fmt.Errorf("operation %d: there is no reader of way %q", op.Seq, op.Event)
	}
	ctx, cancel := context.WithTimeout(ctx, patientReads*r.limit)
	defer cancel()
	seen := history.TokenRead{Seq: op.Seq, At: time.Now(), Account: op.Key, Way: op.Event}
	token, version, left, err := client.Tokens().Lookup(ctx, op.Key)
	seen.TookS = time.Since(seen.At).Seconds()
	if err != nil {
		seen.Error = err.Error()
	} else {
		seen.Token, seen.Version, seen.LeftS = mockwechat.Digest(token), version, left.Seconds()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reads = append(r.reads, seen)
	return err
}
