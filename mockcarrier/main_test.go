package mockcarrier_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"oalab/chaos/upstream"
	"oalab/mockcarrier"
	"oalab/mockcarrier/ledger"
	"oalab/server/carrier"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const phone = "13800000000"

// bench is a started carrier and a client of it.
type bench struct {
	*mockcarrier.Carrier
	client *http.Client
}

func start(tb testing.TB, cfg mockcarrier.Config) *bench {
	tb.Helper()
	c, err := mockcarrier.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	b := &bench{Carrier: c, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	tb.Cleanup(func() {
		b.client.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), 10*time.Second)
		defer cancel()
		if err := c.Stop(ctx); err != nil {
			tb.Errorf("stop: %v", err)
		}
	})
	if err := c.Start(tb.Context(), "127.0.0.1:0", "127.0.0.1:0"); err != nil {
		tb.Fatal(err)
	}
	return b
}

// send makes an HTTP call and returns status and body.
func (b *bench) send(ctx context.Context, method, url, body string, header ...string) (int, http.Header, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, answer, err
}

func (b *bench) service() string { return "http://" + b.Addr() + mockcarrier.Path }

func (b *bench) control(path string) string { return "http://" + b.ControlAddr() + "/control/" + path }

// call makes a SOAP call.
func (b *bench) call(ctx context.Context, v carrier.Version, in carrier.Request, out carrier.Response) error {
	header := []string{"Content-Type", v.ContentType(carrier.Action(in.Operation()))}
	if v == carrier.SOAP11 {
		header = append(header, "SOAPAction", `"`+carrier.Action(in.Operation())+`"`)
	}
	status, _, answer, err := b.send(ctx, http.MethodPost, b.service(), string(carrier.EncodeRequest(v, in)), header...)
	if err != nil {
		return err
	}
	if err := carrier.DecodeResponse(answer, out); err != nil {
		return fmt.Errorf("status %d: %w", status, err)
	}
	return nil
}

func (b *bench) order(t *testing.T, serial, product string) carrier.OrderProductResponse {
	t.Helper()
	var out carrier.OrderProductResponse
	err := b.call(t.Context(), carrier.SOAP11, &carrier.OrderProductRequest{Serial: serial, Msisdn: phone, ProductCode: product}, &out)
	if err != nil {
		t.Fatalf("order %s: %v", serial, err)
	}
	return out
}

func (b *bench) state(t *testing.T, serial string) carrier.State {
	t.Helper()
	var out carrier.QueryOrderResponse
	if err := b.call(t.Context(), carrier.SOAP12, &carrier.QueryOrderRequest{Serial: serial}, &out); err != nil {
		t.Fatalf("state of %s: %v", serial, err)
	}
	return out.State
}

// await polls the state of an order.
func (b *bench) await(t *testing.T, serial string, want carrier.State) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for got := b.state(t, serial); got != want; got = b.state(t, serial) {
		if time.Now().After(deadline) {
			t.Fatalf("order %s is %s, expected %s within 5 s", serial, got, want)
		}
	}
}

func (b *bench) rules(tb testing.TB, rules ...upstream.Rule) {
	tb.Helper()
	body, err := json.Marshal(append([]upstream.Rule{}, rules...))
	if err != nil {
		tb.Fatal(err)
	}
	status, _, answer, err := b.send(tb.Context(), http.MethodPut, b.control("faults"), string(body))
	if err != nil || status != http.StatusOK {
		tb.Fatalf("set rules: %d %s %v", status, answer, err)
	}
}

// lines reads the ledger, without the lines of QueryOrder.
func (b *bench) lines(tb testing.TB, query string) []ledger.Entry {
	tb.Helper()
	status, _, answer, err := b.send(tb.Context(), http.MethodGet, b.control("ledger?"+query), "")
	if err != nil || status != http.StatusOK {
		tb.Fatalf("ledger: %d %s %v", status, answer, err)
	}
	var lines []ledger.Entry
	for dec := json.NewDecoder(bytes.NewReader(answer)); ; {
		var e ledger.Entry
		err := dec.Decode(&e)
		if errors.Is(err, io.EOF) {
			return lines
		}
		if err != nil {
			tb.Fatalf("ledger: %v in %s", err, answer)
		}
		if e.Op != carrier.OpQueryOrder {
			lines = append(lines, e)
		}
	}
}

// effects are the effects of a ledger, in order.
func effects(lines []ledger.Entry) string {
	var out []string
	for _, e := range lines {
		out = append(out, string(e.Effect))
	}
	return strings.Join(out, " ")
}
