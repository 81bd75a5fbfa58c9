package mockcarrier_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"oalab/chaos/upstream"
	"oalab/mockcarrier"
	"oalab/mockcarrier/ledger"
	"oalab/server/carrier"
)

func timedOut(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// TestEveryFault makes one order under each rule and looks at what the caller
// gets, what the ledger says, and what the carrier says about the order after.
func TestEveryFault(t *testing.T) {
	latency := &upstream.Latency{Dist: upstream.DistConstant, MedianS: 0.05}
	isFault := func(code string) func(error) bool {
		return func(err error) bool {
			var fault *carrier.FaultError
			return errors.As(err, &fault) && fault.Code == code
		}
	}
	status := func(code string) func(error) bool {
		return func(err error) bool {
			return errors.Is(err, carrier.ErrMalformed) && strings.Contains(err.Error(), code)
		}
	}
	tests := []struct {
		name    string
		rule    upstream.Rule
		limit   time.Duration // of the caller
		problem func(error) bool
		code    carrier.Code
		effects string
		state   carrier.State
		label   string
		silent  bool // the ledger says it was not answered
	}{
		{"latency", upstream.Rule{Latency: latency}, 5 * time.Second, nil, carrier.CodeOK, "applied", carrier.StateApplied, "latency", false},
		{"fault", upstream.Rule{Fault: "Server.Busy"}, 5 * time.Second, isFault("Server.Busy"), "", "none", carrier.StateUnknown, "fault:Server.Busy", false},
		{"fault with status", upstream.Rule{Fault: "Server", Status: 200}, 5 * time.Second, isFault("Server"), "", "none", carrier.StateUnknown, "fault:Server", false},
		{"system error", upstream.Rule{ErrCode: 2001}, 5 * time.Second, nil, carrier.CodeBusy, "none", carrier.StateUnknown, "errcode:2001", false},
		{"business error", upstream.Rule{ErrCode: 1002}, 5 * time.Second, nil, carrier.CodeUnknownProduct, "refused", carrier.StateRefused, "errcode:1002", false},
		{"status", upstream.Rule{Status: 503}, 5 * time.Second, status("status 503"), "", "none", carrier.StateUnknown, "status:503", false},
		{"page for an answer", upstream.Rule{Status: 200}, 5 * time.Second, status("status 200"), "", "none", carrier.StateUnknown, "status:200", false},
		{
			"reset",
			upstream.Rule{Action: upstream.ActionReset},
			5 * time.Second,
			func(err error) bool { return errors.Is(err, syscall.ECONNRESET) }, "", "none", carrier.StateUnknown, "reset", true,
		},
		{"hang", upstream.Rule{Action: upstream.ActionHang}, 100 * time.Millisecond, timedOut, "", "none", carrier.StateUnknown, "hang", true},
		{"drip and patience", upstream.Rule{Action: upstream.ActionDrip}, 30 * time.Second, nil, carrier.CodeOK, "applied", carrier.StateApplied, "drip", false},
		{"drip and no patience", upstream.Rule{Action: upstream.ActionDrip}, 50 * time.Millisecond, timedOut, "", "applied", carrier.StateApplied, "drip", false},
		{"answer lost", upstream.Rule{Action: upstream.ActionAnswerLost}, 100 * time.Millisecond, timedOut, "", "applied", carrier.StateApplied, "answer_lost", true},
		{"double", upstream.Rule{Action: upstream.ActionDouble}, 5 * time.Second, nil, carrier.CodeOK, "applied applied", carrier.StateApplied, "double", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := start(t, mockcarrier.Config{DripEvery: time.Millisecond})
			tt.rule.Match = upstream.Match{Op: carrier.OpOrderProduct}
			b.rules(t, tt.rule)
			ctx, cancel := context.WithTimeout(t.Context(), tt.limit)
			defer cancel()
			var out carrier.OrderProductResponse
			began := time.Now()
			err := b.call(ctx, carrier.SOAP11, &carrier.OrderProductRequest{Serial: "A", Msisdn: phone, ProductCode: "P"}, &out)
			took := time.Since(began)
			if tt.problem == nil && err != nil || tt.problem != nil && (err == nil || !tt.problem(err)) {
				t.Errorf("the caller got the error %v", err)
			}
			if out.RspCode != tt.code {
				t.Errorf("the caller got the code %q, expected %q", out.RspCode, tt.code)
			}
			b.await(t, "A", tt.state)
			lines := b.lines(t, "serial=A")
			if got := effects(lines); got != tt.effects {
				t.Fatalf("effects %q, expected %q", got, tt.effects)
			}
			for _, e := range lines {
				if e.Fault != tt.label || e.Answered == tt.silent {
					t.Errorf("line %+v, expected fault %q and answered %t", e, tt.label, !tt.silent)
				}
				if tt.rule.Latency != nil && (e.TookS < 0.05 || took < 50*time.Millisecond) {
					t.Errorf("took %v s by the ledger and %s by the clock, expected 50 ms at least", e.TookS, took)
				}
			}
			// Healed: the same serial comes to its end, and applies only if it did not.
			b.rules(t)
			want, last := carrier.CodeOK, ledger.EffectApplied
			if tt.state == carrier.StateRefused {
				want, last = carrier.CodeUnknownProduct, ledger.EffectRefused
			}
			if tt.state == carrier.StateApplied {
				last = ledger.EffectRepeated
			}
			if out := b.order(t, "A", "P"); out.RspCode != want {
				t.Errorf("after healing the order was answered %+v, expected %s", out, want)
			}
			if lines = b.lines(t, "serial=A"); lines[len(lines)-1].Effect != last {
				t.Errorf("effects after healing %q, expected %s as the last", effects(lines), last)
			}
		})
	}
}

func TestOtherOperationsAreLeftAlone(t *testing.T) {
	b := start(t, mockcarrier.Config{})
	b.rules(t, upstream.Rule{Match: upstream.Match{Op: carrier.OpQueryUsage}, Status: 503})
	if out := b.order(t, "A", "P"); out.RspCode != carrier.CodeOK {
		t.Errorf("order answered %+v", out)
	}
	b.rules(t, upstream.Rule{ErrCode: 2001})
	var out carrier.QueryOrderResponse
	if err := b.call(t.Context(), carrier.SOAP11, &carrier.QueryOrderRequest{Serial: "A"}, &out); err != nil || out.RspCode != carrier.CodeBusy || out.State != "" {
		t.Errorf("got %+v with %v, expected busy and no state", out, err)
	}
}

// TestCallerLeavesSlowCarrier holds the trap of BIZ-6: the order takes effect
// after the caller has given up, and is on record as processing until then.
func TestCallerLeavesSlowCarrier(t *testing.T) {
	b := start(t, mockcarrier.Config{})
	b.rules(t, upstream.Rule{Match: upstream.Match{Op: carrier.OpOrderProduct}, Latency: &upstream.Latency{Dist: upstream.DistConstant, MedianS: 0.4}})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	in := &carrier.OrderProductRequest{Serial: "A", Msisdn: phone, ProductCode: "P"}
	if err := b.call(ctx, carrier.SOAP11, in, &carrier.OrderProductResponse{}); !timedOut(err) {
		t.Fatalf("got %v, expected a time-out", err)
	}
	if got := b.state(t, "A"); got != carrier.StateProcessing {
		t.Errorf("the order is %s, expected processing", got)
	}
	if lines := b.lines(t, "serial=A"); len(lines) != 0 {
		t.Errorf("it is in the ledger already: %+v", lines)
	}
	b.await(t, "A", carrier.StateApplied)
	lines := b.lines(t, "serial=A")
	if len(lines) != 1 || lines[0].Effect != ledger.EffectApplied || lines[0].Answered {
		t.Errorf("ledger %+v, expected one line, applied and not answered", lines)
	}
}

func TestHangIsBounded(t *testing.T) {
	b := start(t, mockcarrier.Config{HoldLimit: 50 * time.Millisecond})
	for _, action := range []upstream.Action{upstream.ActionHang, upstream.ActionAnswerLost} {
		b.rules(t, upstream.Rule{Action: action})
		in := &carrier.OrderProductRequest{Serial: "A", Msisdn: phone, ProductCode: "P"}
		err := b.call(t.Context(), carrier.SOAP11, in, &carrier.OrderProductResponse{})
		if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
			t.Errorf("%s ended with %v, expected a broken connection", action, err)
		}
	}
}

func TestWSDLFaults(t *testing.T) {
	b := start(t, mockcarrier.Config{})
	b.rules(t, upstream.Rule{Match: upstream.Match{Path: mockcarrier.Path}, Status: 502})
	status, _, _, err := b.send(t.Context(), http.MethodGet, b.service()+"?wsdl", "")
	if err != nil || status != http.StatusBadGateway {
		t.Errorf("WSDL answered %d %v, expected 502", status, err)
	}
	b.rules(t, upstream.Rule{Match: upstream.Match{Op: "WSDL"}, Action: upstream.ActionReset})
	if _, _, _, err := b.send(t.Context(), http.MethodGet, b.service()+"?wsdl", ""); err == nil {
		t.Error("the WSDL came over a connection that was to be reset")
	}
	b.order(t, "A", "P")
}

// TestEndsBreakOffCalls holds that a reset and a stop end calls that are held up,
// and that these leave no trace after it.
func TestEndsBreakOffCalls(t *testing.T) {
	rules := map[string]upstream.Rule{
		"slow": {Match: upstream.Match{Op: carrier.OpOrderProduct}, Latency: &upstream.Latency{Dist: upstream.DistConstant, MedianS: 600}},
		"hang": {Match: upstream.Match{Op: carrier.OpOrderProduct}, Action: upstream.ActionHang},
	}
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) {
			b := start(t, mockcarrier.Config{})
			hold := func(serial string) *sync.WaitGroup {
				b.rules(t, rule)
				var call sync.WaitGroup
				call.Go(func() {
					in := &carrier.OrderProductRequest{Serial: serial, Msisdn: phone, ProductCode: "P"}
					if err := b.call(t.Context(), carrier.SOAP11, in, &carrier.OrderProductResponse{}); err == nil {
						t.Error("a call that was broken off got an answer")
					}
				})
				b.await(t, serial, carrier.StateProcessing)
				return &call
			}
			call := hold("A")
			status, _, answer, err := b.send(t.Context(), http.MethodPost, b.control("reset"), "")
			if err != nil || status != http.StatusOK {
				t.Fatalf("reset answered %d %s %v", status, answer, err)
			}
			call.Wait()
			if lines := b.lines(t, ""); len(lines) != 0 {
				t.Errorf("ledger after the reset: %+v", lines)
			}
			if got := b.state(t, "A"); got != carrier.StateUnknown {
				t.Errorf("the order is %s after the reset", got)
			}
			if out := b.order(t, "A", "P"); out.RspCode != carrier.CodeOK { // no rules any more
				t.Errorf("after the reset the order was answered %+v", out)
			}
			call = hold("B")
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if err := b.Stop(ctx); err != nil {
				t.Errorf("stop: %v", err)
			}
			call.Wait()
		})
	}
}

func TestTooManyCalls(t *testing.T) {
	b := start(t, mockcarrier.Config{MaxInFlight: 2, HoldLimit: time.Minute})
	b.rules(t, upstream.Rule{Match: upstream.Match{Op: carrier.OpOrderProduct}, Action: upstream.ActionHang})
	ctx, leave := context.WithCancel(t.Context())
	var all sync.WaitGroup
	defer all.Wait()
	defer leave()
	all.Go(func() {
		in := &carrier.OrderProductRequest{Serial: "A", Msisdn: phone, ProductCode: "P"}
		if err := b.call(ctx, carrier.SOAP11, in, &carrier.OrderProductResponse{}); err == nil {
			t.Error("a hanging call was answered")
		}
	})
	b.await(t, "A", carrier.StateProcessing) // one place is left, and this took it for a moment
	all.Go(func() {
		// The questions below may take the last place first: then this one is refused.
		in := &carrier.OrderProductRequest{Serial: "B", Msisdn: phone, ProductCode: "P"}
		for ctx.Err() == nil {
			if err := b.call(ctx, carrier.SOAP11, in, &carrier.OrderProductResponse{}); err == nil {
				t.Error("a hanging call was answered")
			}
		}
	})
	deadline := time.Now().Add(5 * time.Second)
	for {
		status, header, _, err := b.send(t.Context(), http.MethodGet, b.service()+"?wsdl", "")
		if err != nil {
			t.Fatal(err)
		}
		if status == http.StatusServiceUnavailable && header.Get("Retry-After") != "" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the third call of two is still answered %d after 5 s", status)
		}
	}
}
