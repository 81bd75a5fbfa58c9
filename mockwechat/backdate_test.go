package mockwechat

import (
	"testing"
	"time"

	"oalab/mockwechat/ledger"
)

// TestTokensThatWereIssuedBefore: an account without a stable token gets one that ends as if it
// had been issued then; one that has a token keeps it, and an age without a token is refused.
func TestTokensThatWereIssuedBefore(t *testing.T) {
	b := newBench(t, Limits{})
	if err := b.Backdate(DefaultTokenLifetime); err == nil {
		t.Error("a token as old as its life was taken")
	}
	if err := b.Backdate(time.Hour); err != nil {
		t.Fatal(err)
	}
	line := b.last()
	if line.TokenIssue != ledger.IssueNew || line.ExpiresInS != 7200 || b.clock.now().Sub(line.At) != time.Hour {
		t.Errorf("ledger %+v", line)
	}
	got := b.stable(false)
	if got.ExpiresIn != 3600 {
		t.Errorf("it lives for %d s more, want 3600", got.ExpiresIn)
	}
	if err := b.Backdate(time.Minute); err != nil {
		t.Fatal(err)
	}
	if again := b.stable(false); again.Token != got.Token || again.ExpiresIn != 3600 {
		t.Errorf("%+v in place of %+v", again, got)
	}
	b.clock.advance(time.Hour - time.Second)
	b.wantState(got.Token, ledger.TokenValid)
	b.clock.advance(time.Second)
	b.wantState(got.Token, ledger.TokenDead)
}
