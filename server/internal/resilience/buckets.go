package resilience

import (
	"errors"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"
)

// keptBuckets bounds the memory: of more callers than that some begin anew with a full bucket.
const keptBuckets = 100_000

// Buckets bound what each of many callers asks of this server: a token bucket for each key that
// was seen lately (OAU-6). It is safe for concurrent use.
type Buckets struct {
	kept      *otter.Cache[string, *rate.Limiter]
	perMinute int
}

// NewBuckets makes buckets that hold as many tokens as they get in a minute, at least 1.
func NewBuckets(perMinute int) (*Buckets, error) {
	if perMinute < 1 {
		return nil, errors.New("the limit of a caller must be positive")
	}
	kept, err := otter.New(&otter.Options[string, *rate.Limiter]{MaximumSize: keptBuckets})
	if err != nil {
		return nil, err
	}
	return &Buckets{kept: kept, perMinute: perMinute}, nil
}

// Take takes a token of a key; otherwise it says after how long there is one.
func (b *Buckets) Take(key string) (wait time.Duration) {
	bucket, _ := b.kept.ComputeIfAbsent(key, func() (*rate.Limiter, bool) {
		return rate.NewLimiter(rate.Limit(float64(b.perMinute)/60), b.perMinute), false
	})
	return TakeToken(bucket)
}

// TakeToken takes a token of one bucket; otherwise it says after how long there is one.
func TakeToken(bucket *rate.Limiter) time.Duration {
	r := bucket.Reserve()
	wait := r.Delay()
	if wait > 0 {
		r.Cancel()
	}
	return wait
}
