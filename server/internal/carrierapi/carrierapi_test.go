package carrierapi_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"oalab/server/carrier"
	"oalab/server/internal/carrierapi"
	"oalab/server/internal/resilience"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// service is a small carrier: a WSDL and one handler for the operations.
type service struct {
	*httptest.Server
	version carrier.Version
	wsdls   atomic.Int64
	conns   atomic.Int64
	handle  func(w http.ResponseWriter, r *http.Request, req carrier.Request)
	noWSDL  atomic.Bool
}

func newService(t *testing.T, v carrier.Version) *service {
	t.Helper()
	s := &service{version: v}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.conns.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	s.handle = func(w http.ResponseWriter, _ *http.Request, req carrier.Request) {
		var res carrier.Response
		switch r := req.(type) {
		case *carrier.QueryUsageRequest:
			res = &carrier.QueryUsageResponse{Result: carrier.ResultOf(carrier.CodeOK), Msisdn: r.Msisdn, Month: r.Month}
		case *carrier.OrderProductRequest:
			res = &carrier.OrderProductResponse{Result: carrier.ResultOf(carrier.CodeOK), Serial: r.Serial}
		case *carrier.QueryOrderRequest:
			res = &carrier.QueryOrderResponse{Result: carrier.ResultOf(carrier.CodeOK), State: carrier.StateApplied}
		case *carrier.SendSMSRequest:
			res = &carrier.SendSMSResponse{Result: carrier.ResultOf(carrier.CodeOK), MessageID: "1"}
		}
		_, _ = w.Write(carrier.EncodeResponse(s.version, res))
	}
	return s
}

func (s *service) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		s.wsdls.Add(1)
		if s.noWSDL.Load() {
			http.Error(w, "not yet", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, wsdl(s.version, s.URL+"/moved"))
		return
	}
	raw, _ := io.ReadAll(r.Body)
	call, err := carrier.DecodeRequest(raw)
	if err != nil || r.URL.Path != "/moved" {
		http.Error(w, fmt.Sprint("bad request: ", err), http.StatusBadRequest)
		return
	}
	op := call.Request.Operation()
	if s.version == carrier.SOAP11 && r.Header.Get("SOAPAction") != `"`+carrier.Action(op)+`"` {
		http.Error(w, "SOAPAction "+r.Header.Get("SOAPAction"), http.StatusBadRequest)
		return
	}
	s.handle(w, r, call.Request)
}

// wsdl is the least that names the service's operations and its address.
func wsdl(v carrier.Version, address string) string {
	space := "http://schemas.xmlsoap.org/wsdl/soap/"
	if v == carrier.SOAP12 {
		space = "http://schemas.xmlsoap.org/wsdl/soap12/"
	}
	var ops strings.Builder
	for _, op := range carrier.Operations() {
		fmt.Fprintf(&ops, `<operation name="%s"><s:operation soapAction="%s" style="document"/><input><s:body use="literal"/></input><output><s:body use="literal"/></output></operation>`,
			op, carrier.Action(op))
	}
	return `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="` + space + `" xmlns:t="` + carrier.Namespace +
		`" targetNamespace="` + carrier.Namespace + `"><binding name="B" type="t:P"><s:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>` +
		ops.String() + `</binding><service name="S"><port name="P" binding="t:B"><s:address location="` + address + `"/></port></service></definitions>`
}

func newClient(t *testing.T, cfg carrierapi.Config) (*carrierapi.Client, *prometheus.Registry) {
	t.Helper()
	cfg.Timeout = cmp.Or(cfg.Timeout, 4*time.Second)
	reg := prometheus.NewRegistry()
	c, err := carrierapi.New(cfg, reg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, reg
}

// usage asks what a number has used.
func usage(
	ctx context.Context, ask func(context.Context, carrier.Request) (carrier.Response, error), phone, month string,
) (*carrier.QueryUsageResponse, error) {
	r, err := ask(ctx, &carrier.QueryUsageRequest{Msisdn: phone, Month: month})
	u, _ := r.(*carrier.QueryUsageResponse)
	return u, err
}

func TestOperations(t *testing.T) {
	for _, v := range []carrier.Version{carrier.SOAP11, carrier.SOAP12} {
		t.Run(v.String(), func(t *testing.T) {
			s := newService(t, v)
			c, reg := newClient(t, carrierapi.Config{WSDLURL: s.URL + "/carrier?wsdl"})
			for range 5 {
				if u, err := usage(t.Context(), c.Query, "138", "202611"); err != nil || u.Msisdn != "138" || u.Month != "202611" {
					t.Fatalf("%+v, %v", u, err)
				}
				if u, err := usage(t.Context(), c.QueryNow, "138", "202611"); err != nil || u.Msisdn != "138" {
					t.Fatalf("%+v, %v", u, err)
				}
				if err := c.OrderProduct(t.Context(), "S1", "138", "P10", ""); err != nil {
					t.Fatal(err)
				}
				if o, err := c.QueryOrder(t.Context(), carrier.OpOrderProduct, "S1"); err != nil || o.State != carrier.StateApplied {
					t.Fatalf("%+v, %v", o, err)
				}
				if err := c.SendSMS(t.Context(), "S1", "138", "文本"); err != nil {
					t.Fatal(err)
				}
			}
			if s.wsdls.Load() != 1 || s.conns.Load() != 1 {
				t.Errorf("%d fetches of the WSDL, %d connections; want one of each", s.wsdls.Load(), s.conns.Load())
			}
			if n := metric(t, reg, "oalab_carrier_calls_total", "op", "QueryUsage"); n != 10 {
				t.Errorf("%v calls counted, want 10", n)
			}
		})
	}
}

func metric(t *testing.T, reg *prometheus.Registry, name string, labels ...string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			got := map[string]string{}
			for _, l := range m.GetLabel() {
				got[l.GetName()] = l.GetValue()
			}
			match := true
			for i := 0; i < len(labels); i += 2 {
				match = match && got[labels[i]] == labels[i+1]
			}
			if match {
				return m.GetCounter().GetValue()
			}
		}
	}
	t.Fatalf("no series %s %v", name, labels)
	return 0
}

func TestRefusalIsAnAnswer(t *testing.T) {
	s := newService(t, carrier.SOAP11)
	s.handle = func(w http.ResponseWriter, _ *http.Request, _ carrier.Request) {
		_, _ = w.Write(carrier.EncodeResponse(carrier.SOAP11, &carrier.OrderProductResponse{Result: carrier.ResultOf(carrier.CodeUnknownProduct)}))
	}
	c, reg := newClient(t, carrierapi.Config{WSDLURL: s.URL})
	err := c.OrderProduct(t.Context(), "S1", "138", "P0", "")
	var refused *carrier.RefusedError
	if !errors.As(err, &refused) || !refused.Final() {
		t.Errorf("got %v, want a final refusal", err)
	}
	for _, class := range carrierapi.Classes() {
		if n := metric(t, reg, "oalab_carrier_errors_total", "op", "OrderProduct", "class", string(class)); n != 0 {
			t.Errorf("a refusal counts as an error of class %s", class)
		}
	}
}

func TestClasses(t *testing.T) {
	type handler = func(w http.ResponseWriter, r *http.Request, req carrier.Request)
	hijack := func(w http.ResponseWriter, linger int) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		if linger >= 0 {
			_ = conn.(*net.TCPConn).SetLinger(linger)
		}
		_ = conn.Close()
	}
	tests := []struct {
		name   string
		handle handler
		before func(s *service)
		want   carrierapi.Class
		unsent bool
	}{
		{name: "slow", want: carrierapi.ClassTimeout, handle: func(_ http.ResponseWriter, r *http.Request, _ carrier.Request) { <-r.Context().Done() }},
		{name: "reset", want: carrierapi.ClassReset, handle: func(w http.ResponseWriter, _ *http.Request, _ carrier.Request) { hijack(w, 0) }},
		{name: "closed without an answer", want: carrierapi.ClassReset, handle: func(w http.ResponseWriter, _ *http.Request, _ carrier.Request) { hijack(w, -1) }},
		{name: "half an answer", want: carrierapi.ClassReset, handle: func(w http.ResponseWriter, _ *http.Request, _ carrier.Request) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, "<x>")
		}},
		{name: "fault", want: carrierapi.ClassFault, handle: func(w http.ResponseWriter, _ *http.Request, _ carrier.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write(carrier.EncodeFault(carrier.SOAP11, carrier.Faultf("Server.Busy", "busy")))
		}},
		{name: "gibberish", want: carrierapi.ClassOther, handle: func(w http.ResponseWriter, _ *http.Request, _ carrier.Request) {
			w.WriteHeader(http.StatusBadGateway)
			fmt.Fprint(w, "<html>")
		}},
		{name: "down", want: carrierapi.ClassRefused, unsent: true, before: func(s *service) { s.Close() }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newService(t, carrier.SOAP11)
			c, reg := newClient(t, carrierapi.Config{WSDLURL: s.URL, Timeout: 300 * time.Millisecond})
			if err := c.SendSMS(t.Context(), "S0", "138", "warm up"); err != nil {
				t.Fatal(err)
			}
			if tt.handle != nil {
				s.handle = tt.handle
			}
			if tt.before != nil {
				tt.before(s)
				c.Close() // the next call needs a new connection
			}
			err := c.OrderProduct(t.Context(), "S1", "138", "P10", "")
			var e *carrierapi.Error
			if !errors.As(err, &e) || e.Class != tt.want || e.NotSent != tt.unsent || carrierapi.NotSent(err) != tt.unsent {
				t.Fatalf("got %v, want class %s, not sent %t", err, tt.want, tt.unsent)
			}
			if n := metric(t, reg, "oalab_carrier_errors_total", "op", "OrderProduct", "class", string(tt.want)); n != 1 {
				t.Errorf("%v errors counted, want 1", n)
			}
		})
	}
}

// TestCarrierComesLater: the client is made, and called, before the carrier is up.
func TestCarrierComesLater(t *testing.T) {
	s := newService(t, carrier.SOAP11)
	s.noWSDL.Store(true)
	c, _ := newClient(t, carrierapi.Config{WSDLURL: s.URL})
	if err := c.OrderProduct(t.Context(), "S1", "138", "P10", ""); err == nil || !carrierapi.NotSent(err) {
		t.Errorf("without a WSDL: %v, want an error of a call not sent", err)
	}
	if n := s.wsdls.Load(); n < 2 {
		t.Errorf("%d tries at the WSDL in one call, want several", n)
	}
	s.noWSDL.Store(false)
	if err := c.OrderProduct(t.Context(), "S1", "138", "P10", ""); err != nil {
		t.Errorf("once it is there: %v", err)
	}
}

func TestDeadlinePassed(t *testing.T) {
	s := newService(t, carrier.SOAP11)
	c, _ := newClient(t, carrierapi.Config{WSDLURL: s.URL})
	if err := c.SendSMS(t.Context(), "S0", "138", "warm up"); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if err := c.OrderProduct(ended, "S1", "138", "P10", ""); !carrierapi.NotSent(err) {
		t.Errorf("a call whose time was over: %v, want not sent", err)
	}
}

// TestInlineLane: a carrier that fails stops being asked by callbacks, while
// workers still get through.
func TestInlineLane(t *testing.T) {
	s := newService(t, carrier.SOAP11)
	good := s.handle
	var failing atomic.Bool
	failing.Store(true)
	s.handle = func(w http.ResponseWriter, r *http.Request, req carrier.Request) {
		if failing.Load() {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write(carrier.EncodeFault(carrier.SOAP11, carrier.Faultf("Server", "x")))
			return
		}
		good(w, r, req)
	}
	c, reg := newClient(t, carrierapi.Config{WSDLURL: s.URL, Inline: resilience.LaneConfig{MinCalls: 5, OpenFor: time.Hour}})
	var e *carrierapi.Error
	for range 5 {
		if _, err := usage(t.Context(), c.QueryNow, "138", "202611"); !errors.As(err, &e) || e.Class != carrierapi.ClassFault {
			t.Fatalf("got %v", err)
		}
	}
	failing.Store(false)
	if _, err := usage(t.Context(), c.QueryNow, "138", "202611"); !errors.As(err, &e) || e.Class != carrierapi.ClassBreaker || !e.NotSent {
		t.Errorf("with the breaker open: %v", err)
	}
	if n := metric(t, reg, "oalab_carrier_errors_total", "op", "QueryUsage", "class", "breaker"); n != 1 {
		t.Errorf("%v calls refused by the breaker, want 1", n)
	}
	if _, err := usage(t.Context(), c.Query, "138", "202611"); err != nil {
		t.Errorf("a worker: %v", err)
	}
}

func TestAddress(t *testing.T) {
	for _, bad := range []string{"", "host", "ftp://host/x", "::"} {
		if _, err := carrierapi.New(carrierapi.Config{WSDLURL: bad, Timeout: time.Second}, nil); err == nil {
			t.Errorf("wsdl_url %q was taken", bad)
		}
	}
	if _, err := carrierapi.New(carrierapi.Config{Endpoint: "http://host/x"}, nil); err == nil {
		t.Error("a Config without Timeout was taken")
	}
}
