package profile_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"oalab/scenarios/load/profile"
)

const ms = time.Millisecond

func must(p profile.Profile, err error) profile.Profile {
	if err != nil {
		panic(err)
	}
	return p
}

// linear is a profile from outside of the package: 10/s for 2 s.
type linear struct{}

func (linear) Arrivals(t time.Duration) float64 {
	return 10 * max(0, min(t, 2*time.Second)).Seconds()
}

func (linear) At(n uint64) (time.Duration, bool) {
	return time.Duration(n) * 100 * ms, n < 20
}

func (linear) Rate(t time.Duration) float64 {
	if t < 0 || t >= 2*time.Second {
		return 0
	}
	return 10
}
func (linear) Length() time.Duration { return 2 * time.Second }
func (linear) Peak() float64         { return 10 }

func TestProfiles(t *testing.T) {
	type due struct {
		n  uint64
		at time.Duration
	}
	s := time.Second
	for _, tc := range []struct {
		name   string
		p      profile.Profile
		count  uint64
		length time.Duration
		peak   float64
		due    []due
	}{
		{"constant", must(profile.Constant(200, 4*s)), 800, 4 * s, 200, []due{{0, 0}, {1, 5 * ms}, {400, 2 * s}, {799, 3995 * ms}}},
		{"constant with a broken last arrival", must(profile.Constant(10, 1050*ms)), 11, 1050 * ms, 10, []due{{10, s}}},
		{"a rate that no binary fraction holds", must(profile.Constant(0.1, 100*s)), 10, 100 * s, 0.1, []due{{9, 90 * s}}},
		{"pause", must(profile.Constant(0, s)), 0, s, 0, nil},
		{"ramp up from nothing", must(profile.Ramp(0, 100, 2*s)), 100, 2 * s, 100, []due{{0, 0}, {25, s}, {64, 1600 * ms}}},
		{"ramp down to nothing", must(profile.Ramp(100, 0, 2*s)), 100, 2 * s, 100, []due{{0, 0}, {75, s}, {99, 1800 * ms}}},
		{"stairs", must(profile.Step(10, 30, 3, s)), 60, 3 * s, 30, []due{{9, 900 * ms}, {10, s}, {29, 1950 * ms}, {30, 2 * s}}},
		{"stairs down", must(profile.Step(30, 10, 3, s)), 60, 3 * s, 30, []due{{30, s}, {50, 2 * s}}},
		{"spike", must(profile.Spike(10, 110, s, s, s, 5*s)), 250, 5 * s, 110, []due{{9, 900 * ms}, {10, s}, {70, 2 * s}, {180, 3 * s}, {240, 4 * s}}},
		{"spike that jumps", must(profile.Spike(10, 100, s, 0, s, 3*s)), 120, 3 * s, 100, []due{{10, s}, {60, 1500 * ms}, {110, 2 * s}}},
		{"sine", must(profile.Sine(100, 50, 2*s, 4*s)), 400, 4 * s, 150, []due{{0, 0}, {200, 2 * s}}},
		{"sine that ends before its crest", must(profile.Sine(100, 100, 12*s, s)), 126, s, 150, nil},
		{"burst", must(profile.Burst(10, 110, s, 100*ms, 3*s)), 60, 3 * s, 110, []due{{0, 0}, {20, s}, {10, 90909091}, {40, 2 * s}}},
		{"burst out of nothing", must(profile.Burst(0, 100, s, 100*ms, 2500*ms)), 30, 2500 * ms, 100, []due{{9, 90 * ms}, {10, s}, {20, 2 * s}, {29, 2090 * ms}}},
		{"half a constant", must(profile.Scaled(must(profile.Constant(200, 4*s)), 0.5)), 400, 4 * s, 100, []due{{0, 0}, {200, 2 * s}}},
		{"a quarter of a ramp", must(profile.Scaled(must(profile.Ramp(0, 100, 2*s)), 0.25)), 25, 2 * s, 25, []due{{16, 1600 * ms}}},
		{"half a sequence", must(profile.Scaled(must(profile.Sequence(must(profile.Constant(10, s)), linear{})), 0.5)), 15, 3 * s, 5, []due{{5, s}, {14, 2800 * ms}}},
		{"sequence with a pause", must(profile.Sequence(must(profile.Constant(10, s)), must(profile.Constant(0, s)), must(profile.Constant(20, s)))), 30, 3 * s, 20, []due{{9, 900 * ms}, {10, 2 * s}, {11, 2050 * ms}}},
		{"sequence that hands on a fraction", must(profile.Sequence(must(profile.Constant(10, 250*ms)), must(profile.Constant(100, s)))), 103, 1250 * ms, 100, []due{{2, 200 * ms}, {3, 255 * ms}}},
		{"sequence with a pause at its end", must(profile.Sequence(must(profile.Ramp(10, 0, s)), must(profile.Constant(0, s)))), 5, 2 * s, 10, []due{{0, 0}}},
		{"sequence with a profile from outside", must(profile.Sequence(linear{}, linear{})), 40, 4 * s, 10, []due{{5, 500 * ms}, {20, 2 * s}, {39, 3900 * ms}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := profile.Count(tc.p); got != tc.count {
				t.Errorf("Count = %d, want %d", got, tc.count)
			}
			if tc.p.Length() != tc.length || tc.p.Peak() != tc.peak && math.Abs(tc.p.Peak()-tc.peak) > 1e-9 {
				t.Errorf("Length, Peak = %v, %v, want %v, %v", tc.p.Length(), tc.p.Peak(), tc.length, tc.peak)
			}
			for _, d := range tc.due {
				got, ok := tc.p.At(d.n)
				if diff := got - d.at; !ok || diff > 1 || diff < -1 {
					t.Errorf("At(%d) = %v, %v, want %v", d.n, got, ok, d.at)
				}
			}
			properties(t, tc.p)
		})
	}
}

// properties holds for every profile.
func properties(t *testing.T, p profile.Profile) {
	t.Helper()
	n, length := profile.Count(p), p.Length()
	last := time.Duration(0)
	for i := range n {
		due, ok := p.At(i)
		if !ok || due < last || due > length {
			t.Fatalf("At(%d) = %v, %v after %v, of %d in %v", i, due, ok, last, n, length)
		}
		last = due
		// The inverse: N(At(n)) = n, up to the nanosecond to which a time is rounded.
		if got := p.Arrivals(due); math.Abs(got-float64(i)) > p.Peak()*2e-9+2e-6 {
			t.Fatalf("Arrivals(At(%d)) = %v at %v", i, got, due)
		}
	}
	if due, ok := p.At(n); ok {
		t.Fatalf("At(%d) = %v behind the last arrival", n, due)
	}
	if p.Arrivals(0) != 0 || p.Arrivals(-time.Second) != 0 {
		t.Fatalf("Arrivals at and before 0: %v, %v", p.Arrivals(0), p.Arrivals(-time.Second))
	}
	total := p.Arrivals(length)
	if p.Arrivals(length+time.Hour) != total {
		t.Fatalf("arrivals go on after the end")
	}
	if p.Rate(-1) != 0 || p.Rate(length) != 0 {
		t.Fatalf("rate outside: %v, %v", p.Rate(-1), p.Rate(length))
	}
	// Over a fine grid: never falling, never faster than the peak, and the integral
	// of the rate. The trapezium is wrong by a jump within its step, no more.
	const steps = 4000
	var sum, jumps float64
	step := length / steps
	for i := range steps {
		a, b := length*time.Duration(i)/steps, length*time.Duration(i+1)/steps
		grown := p.Arrivals(b) - p.Arrivals(a)
		if grown < 0 || grown > p.Peak()*step.Seconds()+1e-6 {
			t.Fatalf("arrivals grow by %v from %v to %v, peak rate %v", grown, a, b, p.Peak())
		}
		ra, rb := p.Rate(a), p.Rate(b-1)
		if ra < 0 || ra > p.Peak()+1e-9 {
			t.Fatalf("rate %v at %v, peak %v", ra, a, p.Peak())
		}
		sum += (ra + rb) / 2 * step.Seconds()
		if math.Abs(grown-(ra+rb)/2*step.Seconds()) > p.Peak()*step.Seconds()*1e-3+1e-9 {
			jumps++ // a joint inside this step
		}
	}
	if jumps > 100 {
		t.Fatalf("the rate is not the derivative in %v of %d steps", jumps, steps)
	}
	if math.Abs(sum-total) > (jumps+1)*p.Peak()*step.Seconds()+1e-3*total+1e-6 {
		t.Fatalf("integral of the rate %v, arrivals %v", sum, total)
	}
}

func TestRandomSequencesKeepTheProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	rate := func() float64 { return math.Round(rng.Float64()*500) * float64(rng.IntN(4)) / 3 }
	long := func() time.Duration { return time.Duration(rng.IntN(1500)+500)*ms + time.Duration(rng.IntN(1000)) }
	var random func(depth int) profile.Profile
	random = func(depth int) profile.Profile {
		switch a, b := rate(), rate(); rng.IntN(6) {
		case 0:
			return must(profile.Constant(a, long()))
		case 1:
			return must(profile.Ramp(a, b, long()))
		case 2:
			return must(profile.Step(a, b, rng.IntN(4)+2, long()))
		case 3:
			return must(profile.Sine(max(a, b), min(a, b), long(), long()))
		case 4:
			every := long()
			return must(profile.Burst(min(a, b), max(a, b), every, every/time.Duration(rng.IntN(3)+1), min(every*5, long()+every)))
		}
		if depth == 0 {
			return must(profile.Constant(0, long()))
		}
		return must(profile.Sequence(random(depth-1), random(depth-1), random(depth-1)))
	}
	for range 60 {
		p := must(profile.Sequence(random(1), random(0), random(1)))
		properties(t, p)
		if t.Failed() {
			t.Fatalf("profile %+v", p)
		}
	}
}

func TestInvalidProfiles(t *testing.T) {
	s := time.Second
	ok := must(profile.Constant(1, s))
	for name, build := range map[string]func() (profile.Profile, error){
		"negative rate":          func() (profile.Profile, error) { return profile.Constant(-1, s) },
		"no number":              func() (profile.Profile, error) { return profile.Constant(math.NaN(), s) },
		"endless rate":           func() (profile.Profile, error) { return profile.Ramp(1, math.Inf(1), s) },
		"no length":              func() (profile.Profile, error) { return profile.Constant(1, 0) },
		"one step":               func() (profile.Profile, error) { return profile.Step(1, 2, 1, s) },
		"step without hold":      func() (profile.Profile, error) { return profile.Step(1, 2, 2, 0) },
		"spike below its base":   func() (profile.Profile, error) { return profile.Spike(2, 1, 0, 0, s, s) },
		"spike that sticks out":  func() (profile.Profile, error) { return profile.Spike(1, 2, s, s, s, 3*s) },
		"spike before 0":         func() (profile.Profile, error) { return profile.Spike(1, 2, -1, 0, s, 3*s) },
		"sine below 0":           func() (profile.Profile, error) { return profile.Sine(1, 2, s, s) },
		"sine without period":    func() (profile.Profile, error) { return profile.Sine(2, 1, 0, s) },
		"bursts that overlap":    func() (profile.Profile, error) { return profile.Burst(1, 2, s, 2*s, s) },
		"burst below its base":   func() (profile.Profile, error) { return profile.Burst(3, 2, s, s, s) },
		"sequence of nothing":    func() (profile.Profile, error) { return profile.Sequence() },
		"sequence with a hole":   func() (profile.Profile, error) { return profile.Sequence(ok, nil) },
		"sequence without end":   func() (profile.Profile, error) { return profile.Sequence(endless(t), endless(t)) },
		"burst without distance": func() (profile.Profile, error) { return profile.Burst(1, 2, 0, 0, s) },
	} {
		if p, err := build(); !errors.Is(err, profile.ErrInvalid) || p != nil {
			t.Errorf("%s: %v, %v, want ErrInvalid", name, p, err)
		}
	}
}

func endless(t *testing.T) profile.Profile {
	t.Helper()
	return must(profile.Constant(0, math.MaxInt64-1))
}

func BenchmarkAt(b *testing.B) {
	s := time.Second
	for name, p := range map[string]profile.Profile{
		"ramp":     must(profile.Ramp(10, 1000, 60*s)),
		"sine":     must(profile.Sine(500, 400, 7*s, 60*s)),
		"burst":    must(profile.Burst(100, 2000, 5*s, s, 60*s)),
		"sequence": must(profile.Sequence(must(profile.Ramp(0, 300, 10*s)), must(profile.Constant(300, 40*s)), must(profile.Ramp(300, 0, 10*s)))),
	} {
		b.Run(name, func(b *testing.B) {
			n := profile.Count(p)
			var i uint64
			for b.Loop() {
				if _, ok := p.At(i % n); !ok {
					b.Fatal("no such arrival")
				}
				i++
			}
		})
	}
}
