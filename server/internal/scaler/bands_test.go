package scaler

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseBands(t *testing.T) {
	t.Parallel()
	got, err := ParseBands("0:1, 500:2 1000:3,5000:4 10000:5")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(DefaultBands(), got); diff != "" {
		t.Errorf("bands (-want +got):\n%s", diff)
	}
	if again, err := ParseBands(got.String()); err != nil || !cmp.Equal(again, got) {
		t.Errorf("%q is read as %v, %v", got.String(), again, err)
	}
	for text, want := range map[string]string{
		"":                "there is none",
		"500:2":           "the first begins at 500",
		"0:1 500":         `"500" is not a rate`,
		"0:1 x:2":         `"x:2" is not a rate`,
		"0:1 500:2.5":     `"500:2.5" is not a rate`,
		"0:1 500:2 50:3":  "50 does not exceed the 500",
		"0:1 500:2 500:3": "500 does not exceed the 500",
		"0:1 NaN:2":       "does not exceed",
		"0:0 500:2":       "takes 0 servers",
		"0:3 500:2":       "fewer than the one before",
	} {
		if _, err := ParseBands(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestBandOfARate(t *testing.T) {
	t.Parallel()
	for rate, want := range map[float64]int{
		-1: 0, 0: 0, 499.9: 0, 500: 1, 999: 1, 1000: 2, 4999: 2, 5000: 3, 9999: 3, 10_000: 4, 28_514: 4, math.Inf(1): 4,
	} {
		if got := DefaultBands().at(rate); got != want {
			t.Errorf("%v/s is in band %d, want %d", rate, got, want)
		}
	}
}

// A look is a rate, and whether it is that of both load balancers.
type look struct {
	rate    float64
	partial bool
}

func TestSizer(t *testing.T) {
	t.Parallel()
	rates := func(rates ...float64) (list []look) {
		for _, r := range rates {
			list = append(list, look{rate: r})
		}
		return list
	}
	// A look a second, a hold of 3 s, a margin of a tenth.
	for _, tc := range []struct {
		name  string
		looks []look
		want  []int
	}{
		{"it begins large, and shrinks after the hold", rates(0, 0, 0, 0, 0), []int{4, 4, 4, 0, 0}},
		{
			"it grows at once, also over bands", append(rates(0, 0, 0, 0), rates(600, 20_000)...),
			[]int{4, 4, 4, 0, 1, 4},
		},
		{
			"it shrinks to the highest band that was asked for", rates(100, 700, 100, 100, 100),
			[]int{4, 4, 4, 1, 1},
		},
		{
			"a peak begins the hold anew", rates(100, 100, 12_000, 100, 100, 100, 100),
			[]int{4, 4, 4, 4, 4, 4, 0},
		},
		{
			"at an edge it stays", append(rates(0, 0, 0, 0), rates(510, 490, 510, 460, 455, 451, 505, 451, 451, 451, 451)...),
			[]int{4, 4, 4, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
		},
		{
			"below the margin for as long as the hold", append(rates(600, 600, 600, 600), rates(449, 449, 449, 449)...),
			[]int{4, 4, 4, 1, 1, 1, 1, 0},
		},
		{
			"what is not whole never shrinks",
			[]look{{0, true}, {0, true}, {0, true}, {0, true}, {0, true}, {0, true}},
			[]int{4, 4, 4, 4, 4, 4},
		},
		{
			"what is not whole breaks the hold",
			[]look{{0, false}, {0, false}, {0, true}, {0, false}, {0, false}, {0, false}, {0, false}},
			[]int{4, 4, 4, 4, 4, 4, 0},
		},
		{
			"what is not whole grows",
			[]look{{0, false}, {0, false}, {0, false}, {0, false}, {1200, true}},
			[]int{4, 4, 4, 0, 2},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newSizer(DefaultBands(), 3*time.Second, 0.1)
			at := time.Unix(1_000_000, 0)
			var got []int
			for _, l := range tc.looks {
				got = append(got, s.next(at, l.rate, !l.partial))
				at = at.Add(time.Second)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("bands (-want +got):\n%s", diff)
			}
		})
	}
}
