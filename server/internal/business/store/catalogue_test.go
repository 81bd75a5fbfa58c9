package businessstore_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/business"
	"oalab/server/internal/sqldb/sqldbtest"
)

func orderCode(number, command string) business.Code {
	return business.Code{Code: number, Sort: business.SortOrder, Name: "包", Commands: []string{command}, Product: "P"}
}

// seed stores codes of an account, and with prune removes the others.
func seed(ctx context.Context, db *rig, account string, prune bool, codes ...business.Code) error {
	section, err := db.orders.Seed(account, codes, prune)
	if err == nil {
		_, err = db.DB.Seed(ctx, false, section)
	}
	return err
}

// codesOf returns the codes of an account.
func codesOf(t *testing.T, db *rig, account string) []business.Code {
	t.Helper()
	all, err := db.Catalogue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(c business.Code) bool { return c.Account != account })
}

// Codes that make no catalogue with those that are there are refused, and leave nothing.
func conflictingCodes(t *testing.T, db *rig) {
	ctx, account := t.Context(), sqldbtest.Unique("a")
	if err := seed(ctx, db, account, false, orderCode("1", "KT1")); err != nil {
		t.Fatal(err)
	}
	before, err := db.Generations(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := seed(ctx, db, account, false, orderCode("2", "KT1")); err == nil {
		t.Error("two codes for one command were stored")
	}
	after, err := db.Generations(ctx)
	if diff := cmp.Diff(before, after); err != nil || diff != "" {
		t.Errorf("generations changed (err %v):\n%s", err, diff)
	}
	if codes := codesOf(t, db, account); len(codes) != 1 {
		t.Errorf("after a seed that was refused: %+v", codes)
	}
	if err := seed(ctx, db, account, false, orderCode("2", "KT2")); err != nil {
		t.Errorf("another command: %v", err)
	}
	if _, err := db.orders.Seed(account, []business.Code{{Account: "another", Code: "3"}}, false); err == nil {
		t.Error("a code of another account was taken")
	}
}

// tornCatalogue reads while a writer replaces a code by another in one transaction: a reader
// sees one of the two, with its commands.
func tornCatalogue(t *testing.T, db *rig) {
	account := sqldbtest.Unique("a")
	of := func(name string) business.Code { return orderCode(name, account+name) }
	if err := seed(t.Context(), db, account, true, of("x")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var writer sync.WaitGroup
	defer writer.Wait()
	defer cancel()
	writer.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			if err := seed(ctx, db, account, true, of([]string{"x", "y"}[i%2])); err != nil && ctx.Err() == nil {
				t.Error(err)
				return
			}
		}
	})
	for range 300 {
		if codes := codesOf(t, db, account); len(codes) != 1 || !slices.Equal(codes[0].Commands, []string{account + codes[0].Code}) {
			t.Fatalf("a torn catalogue: %+v", codes)
		}
	}
}
