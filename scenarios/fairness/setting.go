package fairness

import "fmt"

// Setting is one kind of packet.
type Setting struct {
	Total int `json:"total"`
	Count int `json:"count"`
}

// String is total/count.
func (s Setting) String() string { return fmt.Sprintf("%d/%d", s.Total, s.Count) }

// Mean is the fair share in units.
func (s Setting) Mean() float64 { return float64(s.Total) / float64(s.Count) }

// sourceSetting is the source's own setting, where everything is tested.
func sourceSetting() Setting { return Setting{500, 20} }

// settings are all settings in the order of examination: the source's, the one
// where its code gives zeros, and small totals, where rounding to whole units biases
// positions, down to one unit each.
func settings() []Setting {
	return []Setting{sourceSetting(), {200, 20}, {100, 10}, {30, 10}, {25, 20}, {21, 20}, {11, 10}, {20, 20}}
}

// zeroSetting is where the share of packets with a zero is a published figure.
func zeroSetting() Setting { return Setting{200, 20} }

// Size scales an examination.
type Size struct {
	Name    string `json:"name"`
	Packets int    `json:"packets"` // a setting and allocator; half as many at means below 10
	// Resamples of the bootstrap, over at most Bootstrapped packets.
	Resamples    int `json:"resamples"`
	Bootstrapped int `json:"bootstrapped"`
	Timed        int `json:"timed"` // packets behind split_ns
}

// packets is how many packets a setting gets.
func (s Size) packets(setting Setting) int {
	if setting.Mean() < 10 {
		return s.Packets / 2
	}
	return s.Packets
}

// SizeNamed is the size "short", which takes seconds, or "full". With 400 000
// packets the ±1 % equivalence of all 20 positions is shown with more than 99 %
// probability for the most scattering allocator.
func SizeNamed(name string) (Size, error) {
	switch name {
	case "short":
		return Size{Name: name, Packets: 400_000, Resamples: 400, Bootstrapped: 20_000, Timed: 100_000}, nil
	case "full":
		return Size{Name: name, Packets: 1_500_000, Resamples: 1000, Bootstrapped: 50_000, Timed: 1_000_000}, nil
	}
	return Size{}, fmt.Errorf("unknown size %q: choose short or full", name)
}
