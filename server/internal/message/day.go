package message

import "time"

// Day is the day of an instant in a zone, as the number that tables hold: 20261130. A nil
// zone means UTC.
func Day(at time.Time, zone *time.Location) int {
	if zone == nil {
		zone = time.UTC
	}
	year, month, day := at.In(zone).Date()
	return year*10_000 + int(month)*100 + day
}
