package mockcarrier_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/mockcarrier"
	"oalab/mockcarrier/ledger"
	"oalab/server/carrier"
)

// ask makes a call and returns its answer.
func ask[R carrier.Response](t *testing.T, b *bench, in carrier.Request, out R) R {
	t.Helper()
	if err := b.call(t.Context(), carrier.SOAP11, in, out); err != nil {
		t.Fatalf("%s: %v", in.Operation(), err)
	}
	return out
}

// told reads JSON of the control port.
func told[T any](t *testing.T, b *bench, path string) (v T) {
	t.Helper()
	status, _, answer, err := b.send(t.Context(), http.MethodGet, b.control(path), "")
	if err != nil || status != http.StatusOK {
		t.Fatalf("%s: %d %s %v", path, status, answer, err)
	}
	if err := json.Unmarshal(answer, &v); err != nil {
		t.Fatalf("%s: %s: %v", path, answer, err)
	}
	return v
}

// subscriber is what the control port tells of a number.
type subscriber struct {
	Package  string `json:"package"`
	Balance  int64  `json:"balance_fen"`
	Points   int64  `json:"points"`
	Password string `json:"password"`
	City     string `json:"city"`
}

func look(t *testing.T, b *bench, number string) subscriber {
	t.Helper()
	return told[subscriber](t, b, "subscriber?phone="+number)
}

// TestSubscribersAreGenerated: any number is a subscriber, the same from the same seed,
// others are different, and none is stored.
func TestSubscribersAreGenerated(t *testing.T) {
	a, again, other := start(t, mockcarrier.Config{Seed: 1}), start(t, mockcarrier.Config{Seed: 1}), start(t, mockcarrier.Config{Seed: 2})
	distinct, moved := map[subscriber]bool{}, 0
	for i := range 200 {
		number := fmt.Sprintf("13900%06d", i*7919%1_000_000)
		first := look(t, a, number)
		if diff := cmp.Diff(first, look(t, again, number)); diff != "" {
			t.Errorf("%s: %s", number, diff)
		}
		if first != look(t, other, number) {
			moved++
		}
		distinct[first] = true
		if first.Balance < 1000 || first.Points < 1000 || first.Package == "" || len(first.Password) != 6 || first.City == "" {
			t.Errorf("%s: %+v", number, first)
		}
	}
	if len(distinct) != 200 || moved != 200 {
		t.Errorf("%d different subscribers, %d with another seed, want 200 each", len(distinct), moved)
	}
}

// TestBillsAddUp: the bill of a month is the sum of those of its days, of each month that has
// one, and there is none of the future and of what is long ago.
func TestBillsAddUp(t *testing.T) {
	b := start(t, mockcarrier.Config{Seed: 3})
	zone := time.FixedZone("", 8*3600)
	now := time.Now().In(zone)
	for back := range 8 {
		first := time.Date(now.Year(), now.Month()-time.Month(back), 1, 0, 0, 0, 0, zone)
		month := ask(t, b, &carrier.QueryBillMonthRequest{Msisdn: phone, Month: first.Format("200601")}, &carrier.QueryBillMonthResponse{})
		if back >= 6 {
			if month.RspCode != carrier.CodeNoBill || month.Fen != 0 || len(month.Items) != 0 {
				t.Errorf("%d months ago: %+v", back, month)
			}
			continue
		}
		var fen int64
		for day := first; day.Month() == first.Month() && !day.After(now); day = day.AddDate(0, 0, 1) {
			one := ask(t, b, &carrier.QueryBillDayRequest{Msisdn: phone, Day: day.Format("20060102")}, &carrier.QueryBillDayResponse{})
			if one.RspCode != carrier.CodeOK {
				t.Fatalf("%s: %+v", day, one)
			}
			fen += one.Fen
		}
		if month.Fen != fen || fen < 3800 {
			t.Errorf("%d months ago: the month has %d fen, its days %d", back, month.Fen, fen)
		}
	}
	tomorrow := now.AddDate(0, 0, 1).Format("20060102")
	if got := ask(t, b, &carrier.QueryBillDayRequest{Msisdn: phone, Day: tomorrow}, &carrier.QueryBillDayResponse{}); got.RspCode != carrier.CodeNoBill {
		t.Errorf("tomorrow: %+v", got)
	}
}

// TestEffectsOfASubscriber: what is ordered, topped up and redeemed is there afterwards, and
// after a restart from the ledger.
func TestEffectsOfASubscriber(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.jsonl")
	b := start(t, mockcarrier.Config{Seed: 4, LedgerPath: path})
	month := time.Now().In(time.FixedZone("", 8*3600)).Format("200601")
	data := func(b *bench) int64 {
		return ask(t, b, &carrier.QueryUsageRequest{Msisdn: phone, Month: month}, &carrier.QueryUsageResponse{}).Resources[0].Total
	}
	before, had := look(t, b, phone), data(b)
	target := "M198"
	if before.Package == target {
		target = "M38"
	}
	topped := ask(t, b, &carrier.TopUpRequest{Serial: "T1", Msisdn: phone, Fen: 12_345, ClientIP: "192.0.2.7"}, &carrier.TopUpResponse{})
	ask(t, b, &carrier.TopUpRequest{Serial: "T1", Msisdn: phone, Fen: 12_345}, &carrier.TopUpResponse{})
	ordered := ask(t, b, &carrier.OrderProductRequest{Serial: "O1", Msisdn: phone, ProductCode: "DM10"}, &carrier.OrderProductResponse{})
	gift := ask(t, b, &carrier.RedeemDataRequest{Serial: "R1", Msisdn: phone, MB: 500, Campaign: "红包"}, &carrier.RedeemDataResponse{})
	change := ask(t, b, &carrier.ChangePackageRequest{Serial: "P1", Msisdn: phone, PackageCode: target, Effective: "next"}, &carrier.ChangePackageResponse{})
	for _, outcome := range []carrier.Result{topped.Result, ordered.Result, gift.Result, change.Result} {
		if outcome.RspCode != carrier.CodeOK {
			t.Fatalf("%+v", outcome)
		}
	}
	check := func(b *bench) {
		t.Helper()
		now := look(t, b, phone)
		if now.Balance != before.Balance+12_345-1000 || now.Points != before.Points+10 || now.Package != before.Package {
			t.Errorf("from %+v to %+v", before, now)
		}
		if got := data(b); got != had+1024+500 {
			t.Errorf("data from %d to %d MB", had, got)
		}
		pack := ask(t, b, &carrier.QueryPackageRequest{Msisdn: phone}, &carrier.QueryPackageResponse{})
		if pack.PackageCode != before.Package || pack.NextCode != target || len(pack.Resources) != 4 {
			t.Errorf("package %+v", pack)
		}
		for _, r := range pack.Resources {
			if r.Used < 0 || r.Left < 0 || r.Used+r.Left != r.Total {
				t.Errorf("%+v does not add up", r)
			}
		}
		if got, want := told[mockcarrier.Money](t, b, "money"), (mockcarrier.Money{ToppedUp: 12_345, Charged: 1000, Moved: 11_345}); got != want {
			t.Errorf("money %+v, want %+v", got, want)
		}
		state := ask(t, b, &carrier.QueryOrderRequest{Serial: "T1", Called: carrier.OpTopUp}, &carrier.QueryOrderResponse{})
		if state.State != carrier.StateApplied || state.OrderID != topped.OrderID {
			t.Errorf("state of the top-up %+v", state)
		}
		reused := ask(t, b, &carrier.TopUpRequest{Serial: "T1", Msisdn: phone, Fen: 12_346}, &carrier.TopUpResponse{})
		if reused.RspCode != carrier.CodeSerialReused {
			t.Errorf("another amount under the serial: %+v", reused)
		}
	}
	check(b)
	if err := b.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	check(start(t, mockcarrier.Config{Seed: 4, LedgerPath: path}))
}

// TestMoneyIsWhatTheLedgerSays: doubled calls move money twice, and the books are the sum of
// the ledger's lines.
func TestMoneyIsWhatTheLedgerSays(t *testing.T) {
	b := start(t, mockcarrier.Config{NoDedup: true})
	for i := range 40 {
		number := fmt.Sprintf("1380000%04d", i%7)
		ask(t, b, &carrier.TopUpRequest{Serial: fmt.Sprint(i % 9), Msisdn: number, Fen: int64(100 + i)}, &carrier.TopUpResponse{})
		ask(t, b, &carrier.OrderProductRequest{Serial: fmt.Sprint(i % 5), Msisdn: number, ProductCode: "DQ60"}, &carrier.OrderProductResponse{})
	}
	var up, charged int64
	refused := 0
	for _, l := range b.lines(t, "") {
		switch {
		case l.Effect != ledger.EffectApplied:
			refused++
		case l.AmountFen > 0:
			up += l.AmountFen
		default:
			charged -= l.AmountFen
		}
	}
	if got := told[mockcarrier.Money](t, b, "money"); got != (mockcarrier.Money{ToppedUp: up, Charged: charged, Moved: up - charged}) || charged == 0 || refused == 0 {
		t.Errorf("%+v, the ledger has %d in, %d out and %d refused", got, up, charged, refused)
	}
	for i := range 7 {
		if s := look(t, b, fmt.Sprintf("1380000%04d", i)); s.Balance < 0 {
			t.Errorf("number %d owes: %+v", i, s)
		}
	}
}

// TestRefusals: each rule of an operation, with the code that tells it.
func TestRefusals(t *testing.T) {
	b := start(t, mockcarrier.Config{Carrier: "mobile"})
	const unicom = "13000000001"
	right := look(t, b, phone)
	for name, tt := range map[string]struct {
		in   carrier.Request
		want carrier.Code
	}{
		"points of another carrier's number": {&carrier.QueryPointsRequest{Msisdn: unicom}, carrier.CodeOtherCarrier},
		"order for one":                      {&carrier.OrderProductRequest{Serial: "1", Msisdn: unicom, ProductCode: "DM5"}, carrier.CodeOtherCarrier},
		"text to one":                        {&carrier.SendSMSRequest{Serial: "1", Msisdn: unicom, Text: "x"}, carrier.CodeOK},
		"code to one":                        {&carrier.SendCodeRequest{Serial: "1", Msisdn: unicom, Code: "1234", Minutes: 1}, carrier.CodeOK},
		"no day":                             {&carrier.QueryBillDayRequest{Msisdn: phone, Day: "20260230"}, carrier.CodeBadDay},
		"no month":                           {&carrier.QueryBillMonthRequest{Msisdn: phone, Month: "2026-1"}, carrier.CodeBadMonth},
		"no count":                           {&carrier.QueryPointsHistoryRequest{Msisdn: phone}, carrier.CodeBadAmount},
		"too many":                           {&carrier.QueryPointsHistoryRequest{Msisdn: phone, Count: 51}, carrier.CodeBadAmount},
		"no address":                         {&carrier.QueryPackageRequest{Msisdn: phone, ClientIP: "localhost"}, carrier.CodeBadInput},
		"no operation of an order":           {&carrier.QueryOrderRequest{Serial: "1", Called: carrier.OpSendSMS}, carrier.CodeBadInput},
		"the same package":                   {&carrier.ChangePackageRequest{Serial: "2", Msisdn: phone, PackageCode: right.Package, Effective: "now"}, carrier.CodeSamePackage},
		"no package":                         {&carrier.ChangePackageRequest{Serial: "3", Msisdn: phone, PackageCode: "M1", Effective: "now"}, carrier.CodeUnknownPackage},
		"no time":                            {&carrier.ChangePackageRequest{Serial: "4", Msisdn: phone, PackageCode: "M38", Effective: "soon"}, carrier.CodeBadInput},
		"no data":                            {&carrier.RedeemDataRequest{Serial: "5", Msisdn: phone, Campaign: "A"}, carrier.CodeBadAmount},
		"less than a yuan":                   {&carrier.TopUpRequest{Serial: "6", Msisdn: phone, Fen: 99}, carrier.CodeBadAmount},
		"money out":                          {&carrier.TopUpRequest{Serial: "7", Msisdn: phone, Fen: -100}, carrier.CodeBadAmount},
		"letters as a code":                  {&carrier.SendCodeRequest{Serial: "8", Msisdn: phone, Code: "12a4", Minutes: 5}, carrier.CodeBadCode},
		"a code for ever":                    {&carrier.SendCodeRequest{Serial: "9", Msisdn: phone, Code: "1234", Minutes: 61}, carrier.CodeBadAmount},
	} {
		out := carrier.NewResponse(tt.in.Operation())
		if err := b.call(t.Context(), carrier.SOAP12, tt.in, out); err != nil || out.Outcome() != carrier.ResultOf(tt.want) {
			t.Errorf("%s: %+v, %v, want %s", name, out, err, tt.want)
		}
	}
	if got := ask(t, b, &carrier.QueryNumberRequest{Msisdn: unicom}, &carrier.QueryNumberResponse{}); got.Carrier != "unicom" || got.Own != "false" {
		t.Errorf("whose: %+v", got)
	}
	if _, err := mockcarrier.New(mockcarrier.Config{Carrier: "nobody's"}); err == nil {
		t.Error("an unknown carrier passed")
	}
}

// TestPasswordLocks: three wrong passwords in a row lock it, also for the right one. A right
// one in between begins the count anew. No password is in the ledger.
func TestPasswordLocks(t *testing.T) {
	b := start(t, mockcarrier.Config{})
	right := look(t, b, phone).Password
	try := func(password string) string {
		t.Helper()
		r := ask(t, b, &carrier.CheckPasswordRequest{Msisdn: phone, Password: password}, &carrier.CheckPasswordResponse{})
		return fmt.Sprintf("%s %d", r.RspCode, r.Left)
	}
	var got []string
	for _, p := range []string{"a", "b", right, "c", "d", "e", right, "f"} {
		got = append(got, try(p))
	}
	want := []string{"1013 2", "1013 1", "0000 3", "1013 2", "1013 1", "1014 0", "1014 0", "1014 0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, l := range b.lines(t, "") {
		if l.Code != "" || l.Text != "" || l.Serial != "" || l.Op != carrier.OpCheckPassword {
			t.Errorf("the ledger has %+v", l)
		}
	}
}
