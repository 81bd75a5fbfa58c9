package platform

import "time"

// quota counts calls in the current bucket of time. It is guarded by the lock of
// its account.
type quota struct {
	bucket int64
	used   int
}

func (q *quota) take(bucket int64, limit int) bool {
	if q.bucket != bucket {
		q.bucket, q.used = bucket, 0
	}
	if q.used >= limit {
		return false
	}
	q.used++
	return true
}

// day numbers the days of Beijing, where quotas start anew at midnight.
func day(t time.Time) int64 { return (t.Unix() + 8*3600) / 86400 }
