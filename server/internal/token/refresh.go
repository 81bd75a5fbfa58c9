package token

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// storeMargin is for the transactions around a call to the platform; a lease
// outlives the call by it.
const storeMargin = 5 * time.Second

// look is how often a lease of another server is looked at.
const look = 25 * time.Millisecond

// refresh brings a token that lives, or a later one, into use: that of the cache
// or of the row when another server has refreshed, else one of the platform.
func (s *slot) refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*(s.keeper.cfg.Timeout+storeMargin))
	defer cancel()
	s.mu.Lock()
	before := s.held
	s.mu.Unlock()
	if before.rejected {
		s.keeper.cache.Drop(ctx, s.row(), before.version)
	}
	may := false // call the platform, among so many others
	leave := func() {
		if may {
			may = false
			<-s.keeper.calls
		}
	}
	defer leave()
	for {
		// The deadline of the call is set before the row is leased: a process that
		// is frozen in between finds it passed, and does not call.
		deadline := time.Now().Add(s.keeper.cfg.Timeout)
		read := time.Now()
		row, err := s.keeper.store.TokenRow(ctx, s.row())
		if err != nil {
			return s.cached(ctx, before, err)
		}
		dead := row.Dead || before.rejected && row.Value == before.value
		if row.Value != before.value && !dead && s.take(row, read) {
			return nil
		}
		if !row.Leased {
			waited, err := s.queue(ctx, &may)
			if err != nil {
				return err
			}
			if waited {
				continue // the row may be another one by now
			}
			err = s.fetch(ctx, row, dead, deadline)
			if !errors.Is(err, ErrTaken) {
				return err
			}
		}
		leave()
		if err := pass(ctx, look); err != nil {
			return fmt.Errorf("wait for the server that refreshes: %w", err)
		}
	}
}

// queue takes a place among the calls to the platform; waited says that there was none at once.
func (s *slot) queue(ctx context.Context, may *bool) (waited bool, err error) {
	if *may {
		return false, nil
	}
	select {
	case s.keeper.calls <- struct{}{}:
		*may = true
		return false, nil
	default:
	}
	select {
	case s.keeper.calls <- struct{}{}:
		*may = true
		return true, nil
	case <-ctx.Done():
		return true, fmt.Errorf("wait for the calls of other accounts: %w", ctx.Err())
	}
}

// cached serves the token of the cache while the database does not answer and
// there is no other. What it has was committed before.
func (s *slot) cached(ctx context.Context, before held, cause error) error {
	read := time.Now()
	if before.value != "" {
		return cause
	}
	if t, ok := s.keeper.cache.Load(ctx, s.row()); !ok || !s.adopt(t, max(0, s.lifetime-t.Left), read) {
		return cause
	}
	return nil
}

// take brings a token into use that another server has fetched.
func (s *slot) take(row Row, read time.Time) bool {
	token := row.Token
	if row.Intent {
		// The call may have replaced it, and then it lives for one window more.
		token.Left = min(token.Left, s.window()-row.IntentAge)
	}
	if !s.adopt(token, row.Age, read) {
		return false
	}
	s.keeper.metrics.count(s.account, resultTaken)
	return true
}

// fetch leases the row, asks the platform, commits the answer and only then lets
// it be seen.
func (s *slot) fetch(ctx context.Context, row Row, dead bool, deadline time.Time) error {
	k := s.keeper
	version, err := k.store.LeaseToken(ctx, s.row(), row.Version, Lease{
		Owner: k.owner, For: k.cfg.Timeout + storeMargin, Dead: dead && row.Value != "", Intent: k.cfg.Replace,
	})
	if err != nil {
		return err
	}
	asked := time.Now()
	call, cancel := context.WithDeadline(ctx, deadline)
	value, life, err := k.platform.FetchToken(call, s.account, k.cfg.Replace)
	cancel()
	if err != nil {
		return errors.Join(err, s.release(ctx, version, row.Intent, asked, k.platform.Refused(err)))
	}
	committed, err := s.commit(ctx, version, value, asked.Add(life))
	if err != nil {
		err = fmt.Errorf("commit the new token: %w", err)
		if errors.Is(err, ErrTaken) {
			return err
		}
		return errors.Join(err, s.release(ctx, version, row.Intent, asked, false))
	}
	s.publish(ctx, Token{Value: value, Version: committed, Left: life}, asked, value == row.Value, row.Age)
	return nil
}

// release gives the row back after a call that brought no token. When it may have
// replaced the one in use, that one lives for one window more.
func (s *slot) release(ctx context.Context, version int64, intent bool, asked time.Time, refused bool) error {
	replaced := s.keeper.cfg.Replace && !refused
	if replaced {
		s.mu.Lock()
		if end := asked.Add(s.window() - s.margin()); end.Before(s.held.until) {
			s.held.until = end
		}
		s.mu.Unlock()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeMargin)
	defer cancel()
	err := s.keeper.store.ReleaseToken(ctx, s.row(), version, intent || replaced)
	if errors.Is(err, ErrTaken) {
		return nil // the lease has ended by itself
	}
	return err
}

// publish puts a committed token into the cache and into use.
func (s *slot) publish(ctx context.Context, t Token, asked time.Time, same bool, age time.Duration) {
	k := s.keeper
	kept := t
	kept.Left -= time.Since(asked)
	k.cache.Save(ctx, s.row(), kept)
	result := resultNew
	if same {
		result = resultSame
	} else {
		age = 0
	}
	s.adopt(t, age, asked)
	if same { // it is not in the platform's window yet
		s.mu.Lock()
		s.held.askAt = time.Now().Add(s.pause())
		s.mu.Unlock()
	}
	k.metrics.count(s.account, result)
	k.log.Info("refreshed", slog.String("kind", k.cfg.Kind.String()), slog.String("account", s.account), slog.String("result", result), slog.Int64("version", t.Version))
}

// commitTries is how often a commit that failed is tried: a token of
// /cgi-bin/token that is not committed is lost.
const commitTries = 3

// commit stores the token, also when the server stops meanwhile.
func (s *slot) commit(ctx context.Context, version int64, value string, until time.Time) (int64, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeMargin)
	defer cancel()
	for try := 1; ; try++ {
		next, err := s.keeper.store.CommitToken(ctx, s.row(), version, value, until)
		if err == nil || errors.Is(err, ErrTaken) || try == commitTries {
			return next, err
		}
		if err := pass(ctx, look); err != nil {
			return 0, err
		}
	}
}

// pass waits for d, or for the end of ctx.
func pass(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
