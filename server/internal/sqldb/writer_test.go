package sqldb

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/jmoiron/sqlx"
)

// TestGivingUp: a caller whose context ends before its work has begun leaves at once
// and the work never runs; one whose work has begun learns how it ended.
func TestGivingUp(t *testing.T) {
	db, err := Open(t.Context(), Config{CoreDSN: filepath.Join(t.TempDir(), "core.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	begun, release := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		first <- db.Update(ctx, "work", func(context.Context, *sqlx.Tx) error {
			close(begun)
			<-release
			return nil
		})
	}()
	<-begun
	cancel()
	ended, end := context.WithCancel(t.Context())
	end()
	ran := false
	if err := db.Update(ended, "work", func(context.Context, *sqlx.Tx) error { ran = true; return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("work that waits behind another one, given up: %v", err)
	}
	select {
	case err := <-first:
		t.Fatalf("the caller of work under way left with %v", err)
	default:
	}
	close(release)
	if err := <-first; err != nil {
		t.Errorf("work that was committed ended with %v", err)
	}
	if err := db.Update(t.Context(), "work", func(context.Context, *sqlx.Tx) error { return nil }); err != nil {
		t.Error(err)
	}
	if ran {
		t.Error("work that was given up ran all the same")
	}
}
