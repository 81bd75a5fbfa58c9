package mockcarrier

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"oalab/server/carrier"
)

// zone is where the carrier's days and months begin.
var zone = time.FixedZone("CST", 8*3600)

// How the carrier writes days and months.
const (
	dayForm   = "20060102"
	monthForm = "200601"
)

// subscriber is a number with what happened to it. What did not happen is generated from the
// seed and the number, so that any number is a subscriber and none is stored before it is
// changed.
type subscriber struct {
	seed   string
	number string
	changes
}

// draw returns a number below n that follows from the seed, the subscriber and a label.
func (s *subscriber) draw(label string, n uint64) int64 {
	return int64(digest(s.seed, label, s.number) >> 1 % n) // the lowest bit of a digest is always set
}

// balance is the money that is left, in fen.
func (s *subscriber) balance() int64 { return 1000 + s.draw("balance", 29_000) + s.moved }

// password is the service password, six digits.
func (s *subscriber) password() string { return fmt.Sprintf("%06d", s.draw("password", 1_000_000)) }

// packageAt is the main package on a day.
func (s *subscriber) packageAt(day time.Time) pack {
	p := packages[s.draw("package", uint64(len(packages)))]
	for _, c := range s.packages { // in the order of their first days
		if next, ok := packageOf(c.code); ok && !day.Before(c.from) {
			p = next
		}
	}
	return p
}

// allows says whether the number can order a product at a time.
func (s *subscriber) allows(p product, at time.Time) carrier.Code {
	has := 0
	excluded := slices.Contains(p.excludedBy, s.packageAt(at).code)
	for _, h := range s.products {
		if at.Before(h.until) {
			excluded = excluded || slices.Contains(p.excludedBy, h.code)
			if h.code == p.code {
				has++
			}
		}
	}
	switch {
	case excluded:
		return carrier.CodeExcluded
	case p.limit > 0 && has >= p.limit:
		return carrier.CodeLimit
	case s.balance() < p.fen:
		return carrier.CodeNoMoney
	}
	return carrier.CodeOK
}

// total is what a month has, in the package of its last day that has begun and by what was
// added.
func (s *subscriber) total(month string, now time.Time) amounts {
	first, err := time.ParseInLocation(monthForm, month, zone)
	if err != nil {
		return amounts{}
	}
	day := first.AddDate(0, 1, -1)
	if now.Before(day) {
		day = now
	}
	return s.packageAt(day).plus(s.added[month])
}

// usage is the answer to QueryUsage. The data and the minutes used go up with n, which
// differs at every call, so that no two answers in a row are the same and a stale one shows.
func (s *subscriber) usage(month string, now time.Time, n uint64) []carrier.Resource {
	total, base := s.total(month, now), digest(s.seed, s.number, month)
	return []carrier.Resource{
		resource("data", "MB", total.data, int64((base%(1<<20)+n)%uint64(total.data))),
		resource("voice", "minute", total.voice, int64((base>>16%(1<<20)+n)%uint64(total.voice))),
		resource("sms", "piece", total.sms, int64(base>>32%uint64(total.sms))),
	}
}

// remains is the answer to QueryPackage: what is used grows with the days of the month.
func (s *subscriber) remains(now time.Time) []carrier.Resource {
	month := now.Format(monthForm)
	total, own := s.total(month, now), s.packageAt(now).amounts
	days := int64(time.Date(now.Year(), now.Month()+1, 0, 0, 0, 0, 0, zone).Day())
	used := func(kind string, of int64) int64 {
		return of * (200 + s.draw("used "+kind+month, 800)) / 1000 * int64(now.Day()) / days
	}
	return []carrier.Resource{
		resource("data", "MB", total.data, used("data", own.data)),
		resource("voice", "minute", total.voice, used("voice", own.voice)),
		resource("sms", "piece", total.sms, used("sms", own.sms)),
		resource("wlan", "minute", total.wlan, used("wlan", own.wlan)),
	}
}

func resource(kind, unit string, total, used int64) carrier.Resource {
	return carrier.Resource{Type: kind, Unit: unit, Total: total, Used: used, Left: total - used}
}

// describePackage answers QueryPackage.
func (s *subscriber) describePackage(now time.Time) *carrier.QueryPackageResponse {
	now = now.In(zone)
	p, next := s.packageAt(now), s.packageAt(time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, zone))
	r := &carrier.QueryPackageResponse{
		Result: carrier.ResultOf(carrier.CodeOK), Msisdn: s.number, PackageCode: p.code, PackageName: p.name, Fen: p.fen,
		AsOf: now.Format(time.RFC3339), Resources: s.remains(now),
	}
	if next.code != p.code {
		r.NextCode, r.NextName = next.code, next.name
	}
	return r
}

// seedText is a seed as draws take it.
func seedText(seed uint64) string { return strconv.FormatUint(seed, 10) }
