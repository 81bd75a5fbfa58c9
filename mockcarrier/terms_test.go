package mockcarrier

import (
	"testing"
	"time"

	"oalab/mockcarrier/ledger"
	"oalab/server/carrier"
)

// TestTermsOfProducts: what excludes a product and how many a number can have follows from the
// ledger's lines; what begins next month counts from its months on.
func TestTermsOfProducts(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, zone)
	line := func(op, code string, at time.Time, effective string) ledger.Entry {
		return ledger.Entry{At: at, Op: op, Phone: "13800000001", Code: code, Effect: ledger.EffectApplied, Effective: effective}
	}
	order := func(code string, at time.Time) ledger.Entry { return line(carrier.OpOrderProduct, code, at, "") }
	basic := line(carrier.OpChangePackage, "M38", now.AddDate(0, -5, 0), carrier.EffectiveNow)
	for name, tt := range map[string]struct {
		before []ledger.Entry
		code   string
		want   carrier.Code
	}{
		"first":                        {nil, "DS6", carrier.CodeOK},
		"limit":                        {[]ledger.Entry{order("DS6", now)}, "DS6", carrier.CodeLimit},
		"of last month":                {[]ledger.Entry{order("DS6", now.AddDate(0, -1, 0))}, "DS6", carrier.CodeOK},
		"excluded by a product":        {[]ledger.Entry{order("DQ100", now.AddDate(0, -2, 0))}, "DS6", carrier.CodeExcluded},
		"excluded the other way round": {[]ledger.Entry{order("DS6", now)}, "DQ100", carrier.CodeExcluded},
		"by one that has ended":        {[]ledger.Entry{order("DQ100", now.AddDate(0, -3, 0))}, "DS6", carrier.CodeOK},
		"excluded by the package":      {[]ledger.Entry{line(carrier.OpChangePackage, "M198", now, carrier.EffectiveNow)}, "DS6", carrier.CodeExcluded},
		"by the package of next month": {[]ledger.Entry{line(carrier.OpChangePackage, "M198", now, carrier.EffectiveNextMonth)}, "DS6", carrier.CodeOK},
		"no limit":                     {[]ledger.Entry{order("DM5", now), order("DM5", now)}, "DM5", carrier.CodeOK},
		"too little money":             {[]ledger.Entry{{At: now, Op: carrier.OpOrderProduct, Phone: "13800000001", Code: "DM5", Effect: ledger.EffectApplied, AmountFen: -1_000_000}}, "DM5", carrier.CodeNoMoney},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccounts(1, 100)
			for _, l := range append([]ledger.Entry{basic}, tt.before...) {
				a.apply(l)
			}
			if got := a.allows(order(tt.code, now)); got != tt.want {
				t.Errorf("%s is answered by %s, want %s", tt.code, got, tt.want)
			}
		})
	}
	a := newAccounts(1, 100)
	a.apply(line(carrier.OpOrderProduct, "DM10", now, carrier.EffectiveNextMonth))
	s := a.subscriber("13800000001")
	if s.added["202611"].data != 0 || s.added["202612"].data != 1<<10 {
		t.Errorf("data of next month is added to %v", s.added)
	}
}
