package mockwechat

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"oalab/mockwechat/ledger"
	"oalab/mockwechat/platform"
)

// works says what a token is worth now, by a real call.
func (b *bench) works(token string) ledger.TokenState {
	b.t.Helper()
	b.template(token, nil)
	return b.last().TokenState
}

func (b *bench) wantState(token string, want ledger.TokenState) {
	b.t.Helper()
	if got := b.works(token); got != want {
		b.t.Errorf("token is %q, want %q", got, want)
	}
}

func TestPlainTokenIsNewEachTimeAndTheOldLivesFiveMinutes(t *testing.T) {
	b := newBench(t, Limits{})
	first, second := b.plain("wxdemo", "s3cret"), b.plain("wxdemo", "s3cret")
	if first.Token == second.Token || first.ExpiresIn != 7200 || first.Code != nil {
		t.Fatalf("answers %+v and %+v", first, second)
	}
	b.wantState(first.Token, ledger.TokenOverlap)
	b.wantState(second.Token, ledger.TokenValid)
	b.clock.advance(5*time.Minute - time.Second)
	b.wantState(first.Token, ledger.TokenOverlap)
	b.clock.advance(time.Second)
	b.wantState(first.Token, ledger.TokenDead)
	b.wantState(second.Token, ledger.TokenValid)
}

func TestARunOutTokenIsNotRevivedByItsReplacement(t *testing.T) {
	b := newBench(t, Limits{})
	old := b.plain("wxdemo", "s3cret").Token
	b.clock.advance(DefaultTokenLifetime)
	b.plain("wxdemo", "s3cret")
	b.wantState(old, ledger.TokenDead)
}

func TestStableTokenStaysUntilTheRenewalWindow(t *testing.T) {
	tests := []struct {
		name     string
		lifetime time.Duration
		window   time.Duration
	}{
		{"two hours", 0, 5 * time.Minute},
		{"twenty seconds", 20 * time.Second, 5 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, Limits{})
			demo := demoAccount()
			demo.TokenLifetime = test.lifetime
			if err := b.SetAccounts([]Account{demo}); err != nil {
				t.Fatal(err)
			}
			life := test.lifetime
			if life == 0 {
				life = DefaultTokenLifetime
			}
			first := b.stable(false)
			b.clock.advance(life - test.window - time.Second)
			again := b.stable(false)
			if again.Token != first.Token || again.ExpiresIn != int(test.window/time.Second)+1 {
				t.Fatalf("before the window: same %v, expires_in %d", again.Token == first.Token, again.ExpiresIn)
			}
			b.clock.advance(time.Second)
			next := b.stable(false)
			if next.Token == first.Token || next.ExpiresIn != int(life/time.Second) {
				t.Fatalf("in the window: same %v, expires_in %d", next.Token == first.Token, next.ExpiresIn)
			}
			b.wantState(first.Token, ledger.TokenOverlap)
			b.clock.advance(test.window - time.Nanosecond)
			b.wantState(first.Token, ledger.TokenOverlap)
			b.clock.advance(time.Nanosecond)
			b.wantState(first.Token, ledger.TokenDead)
			b.wantState(next.Token, ledger.TokenValid)
		})
	}
}

func TestForcedRefresh(t *testing.T) {
	b := newBench(t, Limits{})
	first := b.token()
	forced := b.stable(true).Token
	if forced == first {
		t.Fatal("a forced refresh gave the old token")
	}
	b.wantState(first, ledger.TokenDead)
	b.clock.advance(29 * time.Second)
	if again := b.stable(true).Token; again != forced {
		t.Error("two forced refreshes within 30 s gave two tokens")
	}
	b.clock.advance(time.Second)
	if again := b.stable(true).Token; again == forced {
		t.Error("a forced refresh after 30 s gave the old token")
	}
	for range 18 {
		b.clock.advance(30 * time.Second)
		b.wantCode(b.stable(true), platform.CodeOK)
	}
	b.clock.advance(30 * time.Second)
	b.wantCode(b.stable(true), platform.CodeDayQuota)
	b.wantCode(b.stable(false), platform.CodeOK)
	b.clock.advance(24 * time.Hour)
	b.wantCode(b.stable(true), platform.CodeOK)
}

func TestTheTwoKindsDoNotTouchEachOther(t *testing.T) {
	b := newBench(t, Limits{})
	stable, plain := b.token(), b.plain("wxdemo", "s3cret").Token
	b.stable(true)
	b.wantState(plain, ledger.TokenValid)
	b.wantState(stable, ledger.TokenDead)
	stable = b.token()
	b.plain("wxdemo", "s3cret")
	b.wantState(stable, ledger.TokenValid)
}

func TestQuotasStartAnewAtBeijingMidnight(t *testing.T) {
	b := newBench(t, Limits{TokenPerDay: 2, StablePerMinute: 3, TemplatePerDay: 1, CustomPerDay: 1})
	token := b.token()
	b.plain("wxdemo", "s3cret")
	b.plain("wxdemo", "s3cret")
	b.wantCode(b.plain("wxdemo", "s3cret"), platform.CodeDayQuota)
	b.wantCode(b.plain("wxother", "another"), platform.CodeOK)
	b.stable(false)
	b.stable(false)
	b.wantCode(b.stable(false), platform.CodeMinuteQuota)
	b.active(Message{OpenID: crowd.OpenID(0), Content: "x"})
	b.wantCode(b.template(token, nil), platform.CodeOK)
	b.wantCode(b.template(token, nil), platform.CodeDayQuota)
	b.wantCode(b.custom(token, crowd.OpenID(0), "a"), platform.CodeOK)
	b.wantCode(b.custom(token, crowd.OpenID(0), "a"), platform.CodeDayQuota)

	b.clock.advance(15*time.Hour - time.Second) // the clock starts at 9:00 in Beijing
	b.wantCode(b.plain("wxdemo", "s3cret"), platform.CodeDayQuota)
	b.clock.advance(time.Second)
	b.wantCode(b.plain("wxdemo", "s3cret"), platform.CodeOK)
	b.wantCode(b.template(b.token(), nil), platform.CodeOK)
}

func TestTheLedgerNeverHoldsATokenOrASecret(t *testing.T) {
	b := newBench(t, Limits{})
	stable, plain := b.token(), b.plain("wxdemo", "s3cret").Token
	b.template(stable, nil)
	b.template(plain, nil)
	text, err := json.Marshal(b.calls())
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{stable, plain, "s3cret"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the ledger holds %q", secret)
		}
	}
	calls := b.calls()
	if calls[0].Token != Digest(stable) || calls[2].Token != Digest(stable) || calls[3].Token != Digest(plain) {
		t.Error("the digests do not join the calls to their tokens")
	}
}

func TestTheLedgerTellsNewTokensFromRepeatedOnes(t *testing.T) {
	b := newBench(t, Limits{})
	b.stable(false)
	b.clock.advance(time.Minute)
	b.stable(false)
	b.plain("wxdemo", "s3cret")
	b.plain("wxdemo", "s3cret")
	b.stable(true)
	b.plain("wxdemo", "wrong")
	want := []string{"new 7200", "repeat 7140", "new 7200", "new 7200", "new 7200", " 0"}
	for i, c := range b.calls() {
		if got := fmt.Sprintf("%s %d", c.TokenIssue, c.ExpiresInS); got != want[i] {
			t.Errorf("call %d is %q, want %q", i, got, want[i])
		}
	}
}
