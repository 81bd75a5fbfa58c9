package cache

import (
	"errors"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// TestNoncesAreShared: of two servers with one Redis the first has the nonce, for its life;
// without Redis it is not known.
func TestNoncesAreShared(t *testing.T) {
	t.Parallel()
	store := miniredis.RunT(t)
	addr := store.Addr()
	once := func(app, nonce string) (bool, error) {
		t.Helper()
		client, err := New(Config{Addr: addr}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		return NewNonces(client).Once(t.Context(), app, nonce, time.Minute)
	}
	for _, step := range []struct {
		app, nonce string
		first      bool
	}{{"a", "1", true}, {"a", "1", false}, {"b", "1", true}, {"a", "2", true}, {"a", "2", false}} {
		if first, err := once(step.app, step.nonce); first != step.first || err != nil {
			t.Errorf("%s %s: %t, %v", step.app, step.nonce, first, err)
		}
	}
	store.FastForward(time.Minute)
	if first, err := once("a", "1"); !first || err != nil {
		t.Errorf("after its life: %t, %v", first, err)
	}
	store.Close()
	if _, err := once("a", "1"); !errors.Is(err, ErrAway) {
		t.Errorf("without Redis: %v", err)
	}
}
