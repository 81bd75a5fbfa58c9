package chaos

import (
	"strings"
	"testing"
	"time"
)

func TestScheduleValidate(t *testing.T) {
	t.Parallel()
	a, b := Noop{As: "a", On: "x"}, Noop{As: "b", On: "x"}
	elsewhere := Noop{As: "a", On: "y"}
	two := lasting{scripted: newScripted("kill"), min: 2 * time.Second}
	s := time.Second
	tests := []struct {
		name string
		in   Schedule
		want []string // a part of each problem; none: valid
	}{
		{name: "empty"},
		{name: "one after the other", in: Schedule{{Fault: a, At: s, For: s}, {Fault: a, At: 2 * s, For: s}}},
		{name: "given in the wrong order", in: Schedule{{Fault: a, At: 2 * s, For: s}, {Fault: a, At: s, For: s}}},
		{name: "other fault at the same time", in: Schedule{{Fault: a, At: s, For: s}, {Fault: b, At: s, For: s}}},
		{name: "other target at the same time", in: Schedule{{Fault: a, At: s, For: s}, {Fault: elsewhere, At: s, For: s}}},
		{name: "same at the same time", in: Schedule{{Fault: a, At: s, For: s}, {Fault: a, At: s, For: s}}, want: []string{"entry 1"}},
		{name: "overlap by a nanosecond", in: Schedule{{Fault: a, At: 2*s - 1, For: s}, {Fault: a, At: s, For: s}}, want: []string{"while entry 1"}},
		{name: "inside a longer one", in: Schedule{{Fault: a, At: 0, For: 9 * s}, {Fault: a, At: s, For: s}}, want: []string{"entry 1"}},
		{name: "no fault", in: Schedule{{At: s, For: s}}, want: []string{"no fault"}},
		{name: "before the base", in: Schedule{{Fault: a, At: -1, For: s}}, want: []string{"before the base"}},
		{name: "no length", in: Schedule{{Fault: a}}, want: []string{"length 0s"}},
		{name: "negative length", in: Schedule{{Fault: a, For: -s}}, want: []string{"length -1s"}},
		{name: "long enough", in: Schedule{{Fault: two, For: 2 * s}}},
		{name: "too short for its promise", in: Schedule{{Fault: two, For: 2*s - 1}}, want: []string{"at least 2s"}},
		{name: "all at once", in: Schedule{{}, {Fault: a, At: -1, For: -1}}, want: []string{"entry 0", "before the base", "length"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := test.in.Validate()
			if len(test.want) == 0 {
				if err != nil {
					t.Fatalf("a valid schedule is refused: %v", err)
				}
				return
			}
			if err == nil {
				t.Fatal("accepted")
			}
			for _, part := range test.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
}

func TestScheduleLength(t *testing.T) {
	t.Parallel()
	s := Schedule{{Fault: Noop{}, At: 5, For: 10}, {Fault: Noop{}, At: 7, For: 2}}
	if got := s.Length(); got != 15 {
		t.Errorf("length %d, want 15", got)
	}
}

func TestNoopNames(t *testing.T) {
	t.Parallel()
	if f := (Noop{}); f.Name() != "noop" || f.Target() != "nothing" {
		t.Errorf("the zero value is %q on %q", f.Name(), f.Target())
	}
}
