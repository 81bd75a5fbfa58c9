package mockcarrier

import (
	"cmp"
	"slices"
	"time"

	"oalab/server/carrier"
)

// billMonths is how many months have bills, the running one included.
const billMonths = 6

// billed reports whether there is a bill of a day.
func billed(day, now time.Time) bool {
	first := time.Date(now.Year(), now.Month()-billMonths+1, 1, 0, 0, 0, 0, zone)
	return !day.Before(first) && !day.After(now)
}

// billDay is the bill of one day: the fee of the package on the first of a month, calls and
// texts beyond it, and what was ordered.
func (s *subscriber) billDay(day time.Time) []carrier.BillItem {
	var items []carrier.BillItem
	if day.Day() == 1 {
		items = append(items, carrier.BillItem{Name: "套餐月费", Fen: s.packageAt(day).fen})
	}
	at := day.Format(dayForm)
	if calls := s.draw("calls "+at, 60) - 45; calls > 0 {
		items = append(items, carrier.BillItem{Name: "套餐外语音通话费", Fen: calls * 15})
	}
	if texts := s.draw("texts "+at, 40) - 34; texts > 0 {
		items = append(items, carrier.BillItem{Name: "套餐外短信费", Fen: texts * 10})
	}
	for _, c := range s.charges {
		if c.day == at {
			items = append(items, carrier.BillItem{Name: c.name, Fen: c.fen})
		}
	}
	return items
}

// billMonth adds up the days of a month that have begun.
func (s *subscriber) billMonth(first, now time.Time) []carrier.BillItem {
	var items []carrier.BillItem
	for day := first; day.Month() == first.Month() && !day.After(now); day = day.AddDate(0, 0, 1) {
		for _, item := range s.billDay(day) {
			i := slices.IndexFunc(items, func(known carrier.BillItem) bool { return known.Name == item.Name })
			if i < 0 {
				items = append(items, item)
				continue
			}
			items[i].Fen += item.Fen
		}
	}
	return items
}

func sum(items []carrier.BillItem) (fen int64) {
	for _, i := range items {
		fen += i.Fen
	}
	return fen
}

// pointsHistory is all changes of the points that are remembered, the latest first: a point
// for each yuan of the last months' bills, what was spent, and what orders brought.
func (s *subscriber) pointsHistory(now time.Time) []carrier.PointsChange {
	now = now.In(zone)
	all := slices.Clone(s.points)
	for back := 1; back <= billMonths; back++ {
		first := time.Date(now.Year(), now.Month()-time.Month(back), 1, 0, 0, 0, 0, zone)
		last := first.AddDate(0, 1, -1)
		all = append(all, carrier.PointsChange{Day: last.Format(dayForm), Points: sum(s.billMonth(first, last)) / 100, Reason: "消费积分"})
		if s.draw("redeem "+first.Format(monthForm), 4) == 0 {
			all = append(all, carrier.PointsChange{Day: first.AddDate(0, 0, 14).Format(dayForm), Points: -500, Reason: "积分兑换"})
		}
	}
	slices.SortStableFunc(all, func(a, b carrier.PointsChange) int { return cmp.Compare(b.Day, a.Day) })
	return all
}

// describePoints answers QueryPoints: what the history says, and what is older.
func (s *subscriber) describePoints(now time.Time) *carrier.QueryPointsResponse {
	older := billMonths*500 + s.draw("points", 20_000) // as much as was spent since, at least
	r := &carrier.QueryPointsResponse{Result: carrier.ResultOf(carrier.CodeOK), Msisdn: s.number, Points: older}
	for _, c := range s.pointsHistory(now) {
		r.Points += c.Points
	}
	if r.Expiring = s.draw("expiring", 500); r.Expiring > 0 {
		r.ExpireOn = now.In(zone).Format("2006") + "1231"
	}
	return r
}
