package carrierapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/mockcarrier"
	"oalab/mockcarrier/ledger"
	"oalab/server/carrier"
	"oalab/server/internal/carrierapi"
)

// TestEveryOperation calls each operation at the mock, through the port of its family.
func TestEveryOperation(t *testing.T) {
	mock, err := mockcarrier.New(mockcarrier.Config{Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		http.DefaultClient.CloseIdleConnections()
		if err := mock.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	if err := mock.Start(t.Context(), "127.0.0.1:0", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	c, _ := newClient(t, carrierapi.Config{WSDLURL: "http://" + mock.Addr() + mockcarrier.Path + "?wsdl", Timeout: 10 * time.Second})
	ctx := t.Context()
	const phone, s = "13800000001", "S1"
	now := time.Now().In(time.FixedZone("", 8*3600))
	month, day := now.Format("200601"), now.Format("20060102")
	for _, q := range []carrier.Request{
		&carrier.QueryUsageRequest{Msisdn: phone, Month: month},
		&carrier.QueryBillDayRequest{Msisdn: phone, Day: day},
		&carrier.QueryBillMonthRequest{Msisdn: phone, Month: month},
		&carrier.QueryPackageRequest{Msisdn: phone},
		&carrier.QueryPointsRequest{Msisdn: phone},
		&carrier.QueryPointsHistoryRequest{Msisdn: phone, Count: 5},
		&carrier.QueryBalanceRequest{Msisdn: phone},
	} {
		for _, query := range []func(context.Context, carrier.Request) (carrier.Response, error){c.Query, c.QueryNow} {
			if r, err := query(ctx, q); err != nil || r.Operation() != q.Operation() || r.Outcome().RspCode != carrier.CodeOK {
				t.Errorf("%s: %+v, %v", q.Operation(), r, err)
			}
		}
	}
	if _, err := c.Query(ctx, &carrier.TopUpRequest{Serial: s, Msisdn: phone, Fen: 100}); err == nil {
		t.Error("a top-up passed as a query")
	}
	if u, err := usage(ctx, c.QueryNow, phone, month); err != nil || len(u.Resources) != 3 {
		t.Errorf("usage %+v, %v", u, err)
	}
	for name, call := range map[string]func() error{
		"order":  func() error { return c.OrderProduct(ctx, s, phone, "DM5", "") },
		"change": func() error { return notSame(c.ChangePackage(ctx, s, phone, "M198", carrier.EffectiveNextMonth)) },
		"redeem": func() error { return c.RedeemData(ctx, s, phone, 100, "A1") },
		"sms":    func() error { return c.SendSMS(ctx, s, phone, "文本") },
		"code":   func() error { return c.SendCode(ctx, s, phone, "012345", 5) },
	} {
		if err := call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	topped, err := c.TopUp(ctx, s, phone, 5000, "192.0.2.1")
	if err != nil || topped.Balance < 5000 {
		t.Errorf("top-up %+v, %v", topped, err)
	}
	if o, err := c.QueryOrder(ctx, carrier.OpTopUp, s); err != nil || o.State != carrier.StateApplied {
		t.Errorf("state of the top-up %+v, %v", o, err)
	}
	if o, err := c.QueryOrder(ctx, carrier.OpOrderProduct, s); err != nil || o.State != carrier.StateApplied {
		t.Errorf("state of the order %+v, %v", o, err)
	}
	if n, err := c.QueryNumber(ctx, phone); err != nil || n.Carrier != "mobile" || n.City == "" {
		t.Errorf("number %+v, %v", n, err)
	}
	p, err := c.CheckPassword(ctx, phone, "wrong", "")
	if refused, ok := errors.AsType[*carrier.RefusedError](err); !ok || refused.Code != carrier.CodeWrongPassword || p.Left != 2 {
		t.Errorf("password %+v, %v", p, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+mock.ControlAddr()+"/control/ledger", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	called := map[string]bool{}
	for lines := json.NewDecoder(res.Body); lines.More(); {
		var l ledger.Entry
		if err := lines.Decode(&l); err != nil {
			t.Fatal(err)
		}
		called[l.Op] = true
	}
	for _, op := range carrier.Operations() {
		if !called[op] {
			t.Errorf("%s was not called", op)
		}
	}
}

// notSame lets the package pass that the number has by chance.
func notSame(err error) error {
	if refused, ok := errors.AsType[*carrier.RefusedError](err); ok && refused.Code == carrier.CodeSamePackage {
		return nil
	}
	return err
}

// TestAPortForEachFamily: a call goes to the port of its family, and the port of another one
// that is away does not matter to it.
func TestAPortForEachFamily(t *testing.T) {
	queries, orders := newPlace(t), newPlace(t)
	text := func(charge string) *string {
		var bindings, ports strings.Builder
		for _, f := range carrier.Families() {
			fmt.Fprintf(&bindings, `<binding name="%s" type="t:P"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>`, f)
			for _, op := range carrier.Operations() {
				if carrier.FamilyOf(op) == f {
					fmt.Fprintf(&bindings, `<operation name="%s"><soap:operation soapAction="urn:%s"/></operation>`, op, op)
				}
			}
			bindings.WriteString(`</binding>`)
			address := map[carrier.Family]string{carrier.FamilyOrder: orders.URL + "/o", carrier.FamilyCharge: charge}[f]
			if address == "" {
				address = queries.URL + "/q"
			}
			fmt.Fprintf(&ports, `<port name="%s" binding="t:%s"><soap:address location="%s"/></port>`, f, f, address)
		}
		doc := `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:t="` + carrier.Namespace +
			`" targetNamespace="` + carrier.Namespace + `">` + bindings.String() + `<service name="S">` + ports.String() + `</service></definitions>`
		return &doc
	}
	queries.wsdl.Store(text(deadAddress(t)))
	var paths []string
	for _, p := range []*place{queries, orders} {
		p.answers(func(w http.ResponseWriter, r *http.Request) {
			paths = append(paths, r.URL.Path)
			answerWell(w, r)
		})
	}
	c, _ := newClient(t, carrierapi.Config{WSDLURL: queries.URL, Timeout: 5 * time.Second})
	if _, err := usage(t.Context(), c.Query, "13800000000", "202611"); err != nil {
		t.Error(err)
	}
	if err := order(t.Context(), c); err != nil {
		t.Error(err)
	}
	if _, err := c.TopUp(t.Context(), "S1", "13800000000", 100, ""); !carrierapi.NotSent(err) || !strings.Contains(err.Error(), "port Charge of") {
		t.Errorf("top-up at a port that is away: %v", err)
	}
	if _, err := c.QueryOrder(t.Context(), carrier.OpOrderProduct, "S1"); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"/q", "/o", "/o"}, paths); diff != "" {
		t.Error(diff)
	}
}
