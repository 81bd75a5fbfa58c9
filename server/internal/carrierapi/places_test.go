package carrierapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"oalab/internal/deadport"
	"oalab/server/carrier"
	"oalab/server/internal/carrierapi"
)

// place is a carrier whose WSDL is written by the test.
type place struct {
	*httptest.Server
	wsdl   atomic.Pointer[string]
	wsdls  atomic.Int64
	calls  atomic.Int64
	answer atomic.Pointer[http.HandlerFunc]
}

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{}
	good := http.HandlerFunc(answerWell)
	p.answer.Store(&good)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			p.wsdls.Add(1)
			fmt.Fprint(w, *p.wsdl.Load())
			return
		}
		p.calls.Add(1)
		(*p.answer.Load())(w, r)
	}))
	t.Cleanup(p.Close)
	p.publish("/soap")
	return p
}

// answerWell does what is asked.
func answerWell(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	call, err := carrier.DecodeRequest(raw)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_, _ = w.Write(carrier.EncodeResponse(call.Version, goodAnswer(call.Request)))
}

func goodAnswer(req carrier.Request) carrier.Response {
	ok := carrier.ResultOf(carrier.CodeOK)
	switch r := req.(type) {
	case *carrier.QueryUsageRequest:
		return &carrier.QueryUsageResponse{Result: ok, Msisdn: r.Msisdn, Month: r.Month, Resources: []carrier.Resource{{Type: "data"}}}
	case *carrier.OrderProductRequest:
		return &carrier.OrderProductResponse{Result: ok, Serial: r.Serial}
	case *carrier.QueryOrderRequest:
		return &carrier.QueryOrderResponse{Result: ok, State: carrier.StateApplied}
	}
	return &carrier.SendSMSResponse{Result: ok, MessageID: "1"}
}

// publish gives the WSDL a port for each address, in SOAP 1.1 and 1.2 by turns.
func (p *place) publish(addresses ...string) {
	var b, ports strings.Builder
	for i, v := range []string{"soap", "soap12"} {
		fmt.Fprintf(&b, `<binding name="B%d" type="t:P"><%s:binding transport="http://schemas.xmlsoap.org/soap/http"/>`, i, v)
		for _, op := range carrier.Operations() {
			fmt.Fprintf(&b, `<operation name="%s"><%s:operation soapAction="urn:%s"/></operation>`, op, v, op)
		}
		b.WriteString(`</binding>`)
	}
	for i, address := range addresses {
		fmt.Fprintf(&ports, `<port name="P%d" binding="t:B%d"><%s:address location="%s"/></port>`, i, i%2, []string{"soap", "soap12"}[i%2], address)
	}
	text := `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:t="` +
		carrier.Namespace + `" targetNamespace="` + carrier.Namespace + `">` + b.String() + `<service name="S">` + ports.String() + `</service></definitions>`
	p.wsdl.Store(&text)
}

func (p *place) answers(h http.HandlerFunc) { p.answer.Store(&h) }

// deadAddress is that of a carrier which is away.
func deadAddress(t *testing.T) string {
	t.Helper()
	return "http://" + deadport.Addr(t) + "/carrier"
}

// records is a log of JSON lines that can be read while it is written.
type records struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (r *records) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.Write(b)
}

func (r *records) warnings(t *testing.T) []map[string]any {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []map[string]any
	for line := range bytes.Lines(r.buf.Bytes()) {
		var one map[string]any
		if err := json.Unmarshal(line, &one); err != nil {
			t.Fatal(err)
		}
		if one["level"] == "WARN" {
			found = append(found, one)
		}
	}
	return found
}

func order(ctx context.Context, c *carrierapi.Client) error {
	return c.OrderProduct(ctx, "S1", "13800000000", "P10", "")
}

// TestNothingSentIsNotDone: for each cause that keeps a call from leaving, its outcome is known, and
// the error names the address and where it is from.
func TestNothingSentIsNotDone(t *testing.T) {
	dead := deadAddress(t)
	notTLS := newPlace(t)
	tls := strings.Replace(notTLS.URL, "http://", "https://", 1) + "/carrier"
	for name, tt := range map[string]struct {
		address, endpoint string
		want              []string
	}{
		"nothing listens": {address: dead, want: []string{dead, "port P0 of ", "connection refused"}},
		"no such host":    {address: "http://carrier.invalid/carrier", want: []string{"http://carrier.invalid/carrier", "port P0 of "}},
		"no TLS there":    {address: tls, want: []string{tls, "port P0 of "}},
		"no scheme":       {address: "localhost:8080/carrier", want: []string{`"localhost:8080/carrier"`, "neither http:// nor https://"}},
		"another scheme":  {address: "jms:queue:carrier", want: []string{`"jms:queue:carrier"`}},
		"of the settings": {address: "/soap", endpoint: dead, want: []string{dead, "carrier.endpoint of the configuration"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			p.publish(tt.address)
			log := &records{}
			c, reg := newClient(t, carrierapi.Config{
				WSDLURL: p.URL + "/carrier?wsdl", Endpoint: tt.endpoint, Timeout: 5 * time.Second, Log: slog.New(slog.NewJSONHandler(log, nil)),
			})
			err := order(t.Context(), c)
			var e *carrierapi.Error
			if !errors.As(err, &e) || e.Class != carrierapi.ClassRefused || !e.NotSent {
				t.Fatalf("got %v, want refused and not sent", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v lacks %q", err, want)
				}
			}
			if n := metric(t, reg, "oalab_carrier_errors_total", "op", "OrderProduct", "class", "refused"); n != 1 {
				t.Errorf("%v counted as refused", n)
			}
			if n := len(log.warnings(t)); n != 1 {
				t.Errorf("%d warnings, want one", n)
			}
			if err := c.Check(t.Context()); err == nil || !strings.Contains(err.Error(), tt.want[0]) {
				t.Errorf("readiness says %v", err)
			}
		})
	}
}

// TestAddresses: what a WSDL says of where it is called.
func TestAddresses(t *testing.T) {
	dead := deadAddress(t)
	for name, tt := range map[string]struct {
		addresses []string
		endpoint  string // /… is of the place
		noWSDL    bool
	}{
		"relative":                       {addresses: []string{"/carrier"}},
		"relative to the document":       {addresses: []string{"soap"}},
		"a dead port first":              {addresses: []string{dead, "/carrier"}},
		"dead ports around":              {addresses: []string{dead, dead, dead, "/carrier", dead}},
		"an unusable port first":         {addresses: []string{"localhost:1", "/carrier"}},
		"an endpoint for a dead port":    {addresses: []string{dead}, endpoint: "/carrier"},
		"an endpoint for no port":        {endpoint: "/carrier"},
		"an endpoint and no description": {endpoint: "/carrier", noWSDL: true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			p.publish(tt.addresses...)
			cfg := carrierapi.Config{WSDLURL: p.URL + "/ws/carrier?wsdl", Timeout: 5 * time.Second}
			if tt.noWSDL {
				cfg.WSDLURL = ""
			}
			if tt.endpoint != "" {
				cfg.Endpoint = p.URL + tt.endpoint
			}
			c, _ := newClient(t, cfg)
			for range 3 {
				if err := order(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			}
			if n := p.calls.Load(); n != 3 {
				t.Errorf("%d calls came, want 3", n)
			}
		})
	}
}

// TestTheNextPort: a query is asked at the next port after any failure, an order only
// when it surely did not leave.
func TestTheNextPort(t *testing.T) {
	bad, good := newPlace(t), newPlace(t)
	bad.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		fmt.Fprint(w, "<html>Bad gateway</html>")
	})
	bad.publish(bad.URL+"/a", good.URL+"/b")
	c, _ := newClient(t, carrierapi.Config{WSDLURL: bad.URL, Timeout: 5 * time.Second})
	if err := order(t.Context(), c); err == nil || carrierapi.NotSent(err) || good.calls.Load() != 0 {
		t.Errorf("an order: %v, %d calls at the next port", err, good.calls.Load())
	}
	if err := order(t.Context(), c); err != nil { // begins where the last one did not fail
		t.Errorf("the next order: %v", err)
	}
	bad.publish(bad.URL+"/a2", good.URL+"/b")
	c, _ = newClient(t, carrierapi.Config{WSDLURL: bad.URL, Timeout: 5 * time.Second})
	u, err := usage(t.Context(), c.Query, "13800000000", "202611")
	if err != nil || len(u.Resources) != 1 {
		t.Errorf("a query: %+v, %v", u, err)
	}
}

// TestAPortThatHangs leaves time for the next one.
func TestAPortThatHangs(t *testing.T) {
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // it accepts, and never says a word of TLS
	p := newPlace(t)
	p.publish("https://"+l.Addr().String()+"/carrier", "/carrier")
	c, _ := newClient(t, carrierapi.Config{WSDLURL: p.URL, Timeout: 2 * time.Second})
	if err := order(t.Context(), c); err != nil {
		t.Error(err)
	}
}

// TestDescriptionIsReadAgain: a corrected WSDL is found by the calls that fail, and not
// asked for at each of them.
func TestDescriptionIsReadAgain(t *testing.T) {
	p := newPlace(t)
	p.publish(deadAddress(t))
	c, _ := newClient(t, carrierapi.Config{WSDLURL: p.URL, Timeout: 5 * time.Second})
	failed := 0
	begun := time.Now()
	deadline := begun.Add(20 * time.Second)
	for order(t.Context(), c) != nil {
		if failed++; failed == 50 {
			p.publish("/carrier")
		}
		if time.Now().After(deadline) {
			t.Fatalf("the corrected description is not read, after %d calls", failed)
		}
		time.Sleep(5 * time.Millisecond)
	}
	if n, most := p.wsdls.Load(), 2+int64(time.Since(begun)/(2*time.Second)); n > most {
		t.Errorf("the WSDL was read %d times in %v, want at most %d", n, time.Since(begun), most)
	}
	if err := c.Check(t.Context()); err != nil {
		t.Errorf("after a call that went well: %v", err)
	}
}

// TestAnswersThatAreNone: the error says what came instead of an answer.
func TestAnswersThatAreNone(t *testing.T) {
	redirect := func(status int, to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/there" {
				answerWell(w, r)
				return
			}
			w.Header().Set("Location", to)
			w.WriteHeader(status)
		}
	}
	page := func(kind, body string, status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   string // "" for success
	}{
		"302":               {redirect(302, "/there"), `a redirect (HTTP status 302) to "http://`},
		"301 to a login":    {redirect(301, "https://login.example/x"), `"https://login.example/x", which is not followed`},
		"303":               {redirect(303, "/there"), "HTTP status 303"},
		"307":               {redirect(307, "/there"), ""},
		"308":               {redirect(308, "there"), ""},
		"307 to another":    {redirect(307, "http://other.example/there"), "http://other.example/there"},
		"307 to itself":     {redirect(307, "/soap"), "more than 3 redirects"},
		"a page":            {page("text/html; charset=utf-8", "<html>\n<title>登录</title>", 200), `a page of type "text/html; charset=utf-8" with HTTP status 200, which begins "<html> <title>登录</title>"`},
		"JSON":              {page("application/json", `{"error":"down"}`, 503), `"application/json" with HTTP status 503`},
		"nothing":           {page("text/xml", "", 202), "it is empty, with HTTP status 202"},
		"other XML":         {page("text/xml", "<error>down</error>", 500), `not Envelope; it begins "<error>down</error>"`},
		"cut in the middle": {page("text/xml", `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>`, 200), "byte 72: "},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			p.answers(tt.answer)
			log := &records{}
			c, reg := newClient(t, carrierapi.Config{WSDLURL: p.URL, Log: slog.New(slog.NewJSONHandler(log, nil))})
			err := order(t.Context(), c)
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || carrierapi.NotSent(err) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an unknown outcome with %s", err, tt.want)
			}
			for range 5 {
				_ = order(t.Context(), c)
			}
			if w := log.warnings(t); len(w) != 1 || !strings.Contains(fmt.Sprint(w[0]["error"]), tt.want) {
				t.Errorf("warnings %v, want one", w)
			}
			if n := metric(t, reg, "oalab_carrier_not_understood_total", "what", "answer"); n != 6 {
				t.Errorf("%v not understood, want 6", n)
			}
		})
	}
}
