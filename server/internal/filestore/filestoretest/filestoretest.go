// Package filestoretest owns what every filestore.Store must do. It is for tests only.
package filestoretest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strings"
	"sync"
	"testing"

	"oalab/server/internal/filestore"
)

// Run runs the suite. open makes another client of one and the same store, as another server
// has, and closes it when the test ends.
func Run(t *testing.T, open func(t *testing.T) filestore.Store) {
	t.Helper()
	for name, test := range map[string]func(t *testing.T, a, b filestore.Store){
		"a file is read elsewhere":      readElsewhere,
		"what is no key is refused":     refusesKeys,
		"a file is whole or not there":  whole,
		"many write and read at once":   many,
		"a context that ended is heard": ended,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t), open(t)) })
	}
}

func readElsewhere(t *testing.T, a, b filestore.Store) {
	t.Helper()
	ctx := t.Context()
	if err := errors.Join(a.Check(ctx), b.Check(ctx)); err != nil {
		t.Error(err)
	}
	if _, err := b.Get(ctx, "x/none"); !errors.Is(err, filestore.ErrNotFound) {
		t.Errorf("a file that was never stored: %v", err)
	}
	for _, content := range [][]byte{[]byte("one"), bytes.Repeat([]byte{0, 255, 13, 10}, 1<<18)} {
		if err := a.Put(ctx, "x/y/file.1", content); err != nil {
			t.Fatal(err)
		}
		if got, err := b.Get(ctx, "x/y/file.1"); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes came back as %d, %v", len(content), len(got), err)
		}
	}
	if err := errors.Join(b.Delete(ctx, "x/y/file.1"), b.Delete(ctx, "x/y/file.1"), a.Delete(ctx, "x/none")); err != nil {
		t.Errorf("delete: %v", err)
	}
	if _, err := a.Get(ctx, "x/y/file.1"); !errors.Is(err, filestore.ErrNotFound) {
		t.Errorf("a deleted file: %v", err)
	}
}

func refusesKeys(t *testing.T, a, _ filestore.Store) {
	t.Helper()
	for _, key := range []string{"", "/x", "x/", "x//y", "../x", "x/../y", ".parts/x", "x/.y", "x\\y", "x y", "x\x00", "字", strings.Repeat("k", 201)} {
		_, err := a.Get(t.Context(), key)
		for _, err := range []error{a.Put(t.Context(), key, []byte("x")), err, a.Delete(t.Context(), key)} {
			if !errors.Is(err, filestore.ErrRefused) {
				t.Errorf("key %q: %v", key, err)
			}
		}
	}
	for _, size := range []int{0, filestore.MaxSize + 1} {
		if err := a.Put(t.Context(), "k", make([]byte, size)); !errors.Is(err, filestore.ErrRefused) {
			t.Errorf("a file of %d bytes: %v", size, err)
		}
	}
}

// sealed is a file of which a part, or a mixture with another, is recognised.
func sealed(n int) []byte {
	body := binary.BigEndian.AppendUint64(nil, uint64(n)) //nolint:gosec // a small number
	body = bytes.Repeat(body, 4096+n%7)
	sum := sha256.Sum256(body)
	return append(sum[:], body...)
}

func isWhole(content []byte) bool {
	if len(content) < sha256.Size {
		return false
	}
	sum := sha256.Sum256(content[sha256.Size:])
	return bytes.Equal(sum[:], content[:sha256.Size])
}

func whole(t *testing.T, a, b filestore.Store) {
	t.Helper()
	if err := a.Put(t.Context(), "w", sealed(0)); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(done)
		for i := range 10 {
			if err := a.Put(t.Context(), "w", sealed(i)); err != nil {
				t.Error(err)
			}
		}
	})
	for reads := 0; ; reads++ {
		got, err := b.Get(t.Context(), "w")
		if err != nil || !isWhole(got) {
			t.Errorf("read %d: %d bytes that were never written, %v", reads, len(got), err)
			break
		}
		select {
		case <-done:
		default:
			continue
		}
		break
	}
	wg.Wait()
}

func many(t *testing.T, a, b filestore.Store) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			key := "many/" + string(rune('a'+i%4))
			if err := a.Put(t.Context(), key, sealed(i)); err != nil {
				t.Error(err)
			}
			if got, err := b.Get(t.Context(), key); err != nil || !isWhole(got) {
				t.Errorf("%s: %d bytes, %v", key, len(got), err)
			}
		})
	}
	wg.Wait()
}

func ended(t *testing.T, a, _ filestore.Store) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := a.Get(ctx, "e")
	if err == nil || errors.Is(err, filestore.ErrNotFound) {
		t.Errorf("read: %v", err)
	}
	if err := errors.Join(a.Put(ctx, "e", []byte("x"))); err == nil {
		t.Error("stored with a context that has ended")
	}
	if _, err := a.Get(t.Context(), "e"); !errors.Is(err, filestore.ErrNotFound) {
		t.Errorf("it is there: %v", err)
	}
}
