package predict

import (
	"errors"
	"math"
	"testing"

	"oalab/scenarios/history"
)

func TestWriteOutage(t *testing.T) {
	silent, err := Outage("f", Silent, product)
	if err != nil {
		t.Fatal(err)
	}
	slow := product
	slow.AdvertS = 1
	later, err := Outage("f", Silent, slow)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		fall Fall
		w    Writes
		low  float64
		high float64 // without the slack
	}{
		{"asynchronous and not fenced", Cut, Writes{VRRP: product, Unfenced: true}, silent.LowS, silent.HighS},
		{"not fenced, a commit waits for its acknowledgement", Cut, Writes{VRRP: product, Unfenced: true, AckS: 1}, silent.LowS, silent.HighS + 1},
		{"looks at a partner that is gone", Cut, Writes{VRRP: product, AckS: 1}, silent.LowS, silent.HighS + 0.3},
		{"killed: a commit waits for the next look", Killed, Writes{VRRP: product, AckS: 10}, silent.LowS, 1},
		{"killed: a commit waits to the end", Killed, Writes{VRRP: product, AckS: 0.9}, silent.LowS, 0.9},
		{"killed, without acknowledgements of the partner", Killed, Writes{VRRP: product}, silent.LowS, silent.HighS + 0.3},
		{"killed: a take-over that is later than that", Killed, Writes{VRRP: slow, AckS: 1}, later.LowS, later.HighS + 0.3},
		{"cut off before it died", Cut, Writes{VRRP: product, AckS: 1, CutS: 0.4}, silent.LowS, silent.HighS + 0.3 + 0.4 + BlowLate},
		{"cut off for longer than a commit waits", Cut, Writes{VRRP: product, AckS: 1, CutS: 3}, silent.LowS, 1},
		{"cut off, without acknowledgements of the partner", Cut, Writes{VRRP: product, CutS: 0.4}, silent.LowS, silent.HighS + 0.3},
		{"the lease of one that is halted", Halted, Writes{VRRP: product, AckS: 1}, silent.LowS, 2.1},
		{"a lease that has ended before the first look", Halted, Writes{VRRP: slow, AckS: 1}, later.LowS, later.HighS + 0.6},
	} {
		p, err := WriteOutage("f", tt.fall, tt.w)
		want := tt.high + history.CanaryEveryS + SettleSlack
		if err != nil || math.Abs(p.HighS-want) > 1e-9 || p.LowS != tt.low || p.Probe != history.ProbeCanary || p.Law != "" {
			t.Errorf("%s: %+v, %v, want at most %g s", tt.name, p, err, want)
		}
	}
	if _, err := WriteOutage("f", Cut, Writes{}); !errors.Is(err, ErrSettings) {
		t.Errorf("without settings: %v", err)
	}
}

func TestLoss(t *testing.T) {
	for _, tt := range []struct {
		name      string
		cutS, ack float64
		low, high float64
	}{
		{"asynchronous: all since the cut", 0.4, 0, 15, 40},
		{"semi-synchronous: commits wait", 0.4, 1, 0, 0},
		{"semi-synchronous: they have waited long enough", 3, 1, 95, 170},
		{"semi-synchronous: perhaps", 0.9, 1, 0, 65},
	} {
		p, err := Loss("f", Writes{CutS: tt.cutS, AckS: tt.ack, PerS: 50})
		if err != nil || math.Abs(p.LowS-tt.low) > 1e-9 || math.Abs(p.HighS-tt.high) > 1e-9 || p.Probe != history.ProbeLoss {
			t.Errorf("%s: %+v, %v, want %g to %g", tt.name, p, err, tt.low, tt.high)
		}
	}
	if _, err := Loss("f", Writes{CutS: 1}); !errors.Is(err, ErrSettings) {
		t.Errorf("without writes: %v", err)
	}
}
