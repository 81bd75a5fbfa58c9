package mockcarrier_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"oalab/mockcarrier"
	"oalab/server/carrier"
)

// idle is a carrier that listens nowhere.
func idle(tb testing.TB) *mockcarrier.Carrier {
	tb.Helper()
	c, err := mockcarrier.New(mockcarrier.Config{HoldLimit: time.Millisecond})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := c.Stop(context.WithoutCancel(tb.Context())); err != nil {
			tb.Error(err)
		}
	})
	return c
}

// FuzzService sends any body under any headers to the SOAP service: no panic, and a status
// that says who is wrong.
func FuzzService(f *testing.F) {
	for _, v := range []carrier.Version{carrier.SOAP11, carrier.SOAP12} {
		ask := &carrier.OrderProductRequest{Serial: "1", Msisdn: phone, ProductCode: "2.1.1"}
		f.Add("POST", "", v.ContentType(carrier.Action(ask.Operation())), carrier.Action(ask.Operation()), carrier.EncodeRequest(v, ask))
	}
	for _, op := range carrier.Operations() {
		ask := carrier.NewRequest(op)
		fill(reflect.ValueOf(ask).Elem())
		f.Add("POST", "", type12, carrier.Action(op), carrier.EncodeRequest(carrier.SOAP12, ask))
	}
	f.Add("GET", "wsdl", "", "", []byte(nil))
	f.Add("POST", "", "text/xml; charset=gbk", "x", []byte("<!DOCTYPE a><a/>"))
	handler := idle(f).Handler()
	f.Fuzz(func(t *testing.T, method, query, contentType, action string, body []byte) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, mockcarrier.Path, strings.NewReader(string(body)))
		r.Method, r.URL.RawQuery = method, query
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("SOAPAction", action)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		// SOAP 1.1 faults have status 500, whose they are.
		if w.Code > http.StatusInternalServerError || w.Code == http.StatusInternalServerError && !strings.Contains(w.Body.String(), "Fault>") {
			t.Fatalf("%s %q: %d %s", method, contentType, w.Code, w.Body)
		}
	})
}

// FuzzControlPort sends any body to the control port: an error is JSON with 4xx.
func FuzzControlPort(f *testing.F) {
	f.Add(false, []byte(`[{"match":{"op":"OrderProduct"},"share":1,"action":"hang"}]`))
	f.Add(true, []byte(`{"dedup":false}`))
	handler := idle(f).ControlHandler()
	f.Fuzz(func(t *testing.T, settings bool, body []byte) {
		path := "/control/faults"
		if settings {
			path = "/control/settings"
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPut, path, strings.NewReader(string(body))))
		if w.Code >= http.StatusInternalServerError || w.Body.Len() > 0 && !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
	})
}
