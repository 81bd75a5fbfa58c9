package workload_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"oalab/mockwechat"
	"oalab/scenarios/history"
	"oalab/scenarios/workload"
	"oalab/server/controlclient"
)

// TestTokenReadPlan: reads are of all accounts in all ways, and the plan is a function of its
// arguments.
func TestTokenReadPlan(t *testing.T) {
	plan := func(seed uint64, accounts int) []history.PlannedOp {
		ops, err := workload.PlanTokenReads(seed, workload.TokenReads{Accounts: accounts}, constant(t, 100, 20*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		return ops
	}
	hash := func(ops []history.PlannedOp) string { return history.PlanHash([]history.PlannedArm{{Ops: ops}}) }
	ways, of := map[string]int{}, map[string]int{}
	ops := plan(7, 50)
	for i, op := range ops {
		if op.Seq != uint64(i) || op.Kind != history.KindTokenRead {
			t.Fatalf("operation %d: %+v", i, op)
		}
		ways[op.Event]++
		of[op.Key]++
	}
	for _, name := range workload.TokenAccounts(50) {
		if of[name] == 0 {
			t.Errorf("account %s is never read", name)
		}
	}
	if len(ops) != 2000 || len(of) != 50 || ways[history.WayGRPC] < 700 || ways[history.WayHTTP] < 700 || ways[history.WayKept] < 300 {
		t.Errorf("%d reads of %d accounts: %v", len(ops), len(of), ways)
	}
	if hash(ops) != hash(plan(7, 50)) || hash(ops) == hash(plan(8, 50)) || hash(ops) == hash(plan(7, 49)) {
		t.Error("the plan is not that of its arguments")
	}
	if _, err := workload.PlanTokenReads(7, workload.TokenReads{}, constant(t, 100, time.Second)); err == nil {
		t.Error("a plan without accounts")
	}
}

// TestReaders: the evidence of a read has the digest of the token, or why there is none; a reader
// that keeps its tokens asks once.
func TestReaders(t *testing.T) {
	asked := make(chan string, 100)
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		account := strings.Split(r.URL.Path, "/")[4]
		asked <- account
		if account == "away" {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte("{}"))
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"value": "token of " + account, "version": 3, "expires_in": 100}})
	}))
	t.Cleanup(node.Close)
	plan := []history.PlannedOp{
		{Seq: 0, Key: "a", Event: history.WayKept}, {Seq: 1, Key: "a", Event: history.WayHTTP}, {Seq: 2, Key: "away", Event: history.WayHTTP}, {Seq: 3, Key: "a", Event: "by post"},
	}
	readers, err := workload.NewReaders(workload.ReadersConfig{
		Plan: plan, Nodes: []controlclient.Member{{Name: "one", Address: node.URL}}, App: "reader", Secret: "secret", Limit: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(readers.Close)
	if err := readers.Enter(t.Context(), []string{"a", "b"}); err != nil || len(asked) != 2 {
		t.Fatalf("%d questions before the load, %v", len(asked), err)
	}
	if err := readers.Enter(t.Context(), []string{"away"}); err == nil || !strings.Contains(err.Error(), "account away") {
		t.Errorf("an account without a token: %v", err)
	}
	for len(asked) > 0 {
		<-asked
	}
	for seq, want := range []int{http.StatusOK, http.StatusOK, 0, 0, 0} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://nowhere.invalid/", http.NoBody)
		r.Header.Set("X-Vegeta-Seq", strconv.Itoa(seq))
		resp, err := readers.RoundTrip(r)
		status := 0
		if err == nil {
			status = resp.StatusCode
			_ = resp.Body.Close()
		}
		if status != want {
			t.Errorf("operation %d: status %d, %v; want %d", seq, status, err, want)
		}
	}
	reads := readers.Reads()
	if len(reads) != 3 || len(asked) != 2 {
		t.Fatalf("%d reads, %d questions: %+v", len(reads), len(asked), reads)
	}
	for i, r := range reads[:2] {
		if r.Seq != uint64(i) || r.Token != mockwechat.Digest("token of a") || r.Version != 3 || r.LeftS < 90 || r.Error != "" || r.At.IsZero() {
			t.Errorf("read %d: %+v", i, r)
		}
	}
	if r := reads[2]; r.Token != "" || r.Error == "" || r.Account != "away" {
		t.Errorf("%+v", r)
	}
}
