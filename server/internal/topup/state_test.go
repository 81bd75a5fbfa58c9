package topup

import "testing"

// TestStates: a top-up moves along the machine alone, and every state but the first is reached.
func TestStates(t *testing.T) {
	t.Parallel()
	moved := 0
	for _, from := range States() {
		for _, to := range States() {
			if Move(from, to) == nil {
				moved++
			}
		}
		if len(From(from)) == 0 && from != StateCreated {
			t.Errorf("nothing leads to %s", from)
		}
	}
	if moved != 9 {
		t.Errorf("%d moves, want 9", moved)
	}
	for _, end := range []State{StateDone, StateRefunded} {
		for _, to := range States() {
			if Move(end, to) == nil {
				t.Errorf("money goes on from %s to %s", end, to)
			}
		}
	}
}

// TestAmounts: what is offered is written and read alike, and mistakes are refused.
func TestAmounts(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{"10,30,50": true, "5": true, "": false, "0": false, "30,10": false, "10,x": false, "50001": false, "1,2,3,4,5,6,7,8,9,10,11,12,13": false} {
		var a Amounts
		err := a.UnmarshalText([]byte(text))
		if (err == nil) != good || good && a.String() != text {
			t.Errorf("%q: %v, %v", text, a, err)
		}
	}
	a := Amounts{10, 30}
	if !a.has(3000) || a.has(3001) || a.has(2000) {
		t.Error("an amount that is not offered is taken, or the other way")
	}
}

func FuzzAmounts(f *testing.F) {
	f.Add("10,30")
	f.Fuzz(func(t *testing.T, text string) {
		var a, b Amounts
		if a.UnmarshalText([]byte(text)) == nil && (b.UnmarshalText([]byte(a.String())) != nil || a.String() != b.String()) {
			t.Errorf("%q: %v, %v", text, a, b)
		}
	})
}
