package token_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"oalab/server/internal/cache"
	"oalab/server/internal/token"
)

// TestKindsAreKeptApart: the ticket of an account is not its access token, in the database, in
// Redis and in the metrics.
func TestKindsAreKeptApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	client, err := cache.New(cache.Config{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	store, shared := w.open(), cache.NewTokens(client)
	access := w.serveWith(false, store, shared)
	tickets := &platform{lifetime: time.Hour}
	keep := func(kind token.Kind, from token.Platform) *token.Keeper {
		t.Helper()
		k, err := token.New(token.Config{Kind: kind, Accounts: []token.Account{{Name: account}}, Seed: 1}, store, shared, from, slog.New(slog.DiscardHandler), access.reg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(k.Close)
		return k
	}
	tickets.issue()
	tickets.set(func() { tickets.token = "TICKET" })
	ticket := keep(token.KindTicket, tickets)
	first := w.token(access)
	if got, err := ticket.Token(t.Context(), account); err != nil || got != "TICKET" || first == got {
		t.Errorf("ticket %q, %v; token %q", got, err, first)
	}
	if again := w.token(access); again != first {
		t.Errorf("the token was %q and is %q", first, again)
	}
	families, err := access.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range families {
		names = append(names, f.GetName())
	}
	for _, want := range []string{"oalab_token_refreshes_total", "oalab_ticket_refreshes_total", "oalab_token_age_seconds", "oalab_ticket_age_seconds"} {
		if !strings.Contains(strings.Join(names, " "), want) {
			t.Errorf("no metric %s among %v", want, names)
		}
	}
	tickets.set(func() { tickets.err = errAway })
	ticket.Report(account, "TICKET")
	if _, err := ticket.Token(t.Context(), account); err == nil || !strings.Contains(err.Error(), "jsapi ticket of account demo") {
		t.Errorf("the error is %v", err)
	}
	if again := w.token(access); again != first {
		t.Errorf("a dead ticket kills the token: %q", again)
	}
}
