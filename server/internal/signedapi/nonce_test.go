package signedapi

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestNoncesAreRememberedLongEnough: for a life at least, and for two at the most.
func TestNoncesAreRememberedLongEnough(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		first := func(nonce string) bool {
			t.Helper()
			ok, err := m.Once(t.Context(), "app", nonce, Remembered)
			if err != nil {
				t.Fatal(err)
			}
			return ok
		}
		for i := range 50 {
			nonce := fmt.Sprint(i)
			if !first(nonce) {
				t.Fatalf("%s is new", nonce)
			}
			time.Sleep(Remembered - time.Second)
			if first(nonce) {
				t.Fatalf("%s was forgotten", nonce)
			}
			time.Sleep(time.Duration(i) * 7 * time.Second)
		}
		time.Sleep(2 * Remembered)
		if !first("49") || len(m.now)+len(m.old) != 1 {
			t.Errorf("%d nonces are remembered after two lives", len(m.now)+len(m.old))
		}
		if ok, err := m.Once(t.Context(), "other", "49", Remembered); !ok || err != nil {
			t.Errorf("the nonce of another app: %t, %v", ok, err)
		}
	})
}

// TestMemoryOfNoncesIsBounded: a nonce that cannot be remembered is not taken.
func TestMemoryOfNoncesIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		m.most = 3
		for i := range 5 {
			ok, err := m.Once(t.Context(), "app", fmt.Sprint(i), Remembered)
			if want := i < 3; ok != want || want == errors.Is(err, ErrFull) {
				t.Errorf("nonce %d: %t, %v", i, ok, err)
			}
		}
		time.Sleep(Remembered)
		if ok, err := m.Once(t.Context(), "app", "4", Remembered); !ok || err != nil {
			t.Errorf("in the next generation: %t, %v", ok, err)
		}
	})
}
