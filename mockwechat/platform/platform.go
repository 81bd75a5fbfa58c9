// Package platform owns what the mock platform knows and remembers: accounts, followers,
// tokens, windows and quotas, the rules of injected faults, the numbers that it gives out
// and the ledger. The APIs, the pusher and the pages stand on it; it opens no socket
// (MOCKW-3, MOCKW-4).
package platform

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"oalab/chaos/upstream"
	"oalab/mockwechat/ledger"
)

// ErrUnknownAccount marks a name that no account has.
var ErrUnknownAccount = errors.New("mockwechat: unknown account")

// Platform is what the parts of the mock share. All methods are safe for concurrent use.
type Platform struct {
	Limits Limits           // without zero fields
	Now    func() time.Time // the platform's clock
	Seed   uint64

	rules    *upstream.Ruleset
	log      *callLog
	serial   atomic.Uint64 // tokens, message ids, nonces and rids are counted by it
	msgID    atomic.Int64
	webOwner sync.Map              // web token → appid
	failed   atomic.Pointer[error] // the first line that could not be written

	mu      sync.RWMutex
	byName  map[string]*Official
	byAppID map[string]*Official
	order   []*Official
	tokens  map[string]*Issued
}

// New builds a platform and opens its ledger.
func New(cfg Config) (*Platform, error) {
	if err := validateAccounts(cfg.Accounts); err != nil {
		return nil, err
	}
	log, err := openLog(cfg.LedgerPath)
	if err != nil {
		return nil, err
	}
	p := &Platform{
		Limits: cfg.Limits.withDefaults(), Now: cfg.Now, Seed: cfg.Seed, log: log,
		rules: upstream.NewRuleset(cfg.Seed),
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	p.msgID.Store(3_000_000_000_000_000_000 + int64(cfg.Seed%1_000_000)*1_000_000_000)
	p.setAccounts(cfg.Accounts)
	return p, nil
}

// SetAccounts replaces the accounts. One that keeps its name and app_id keeps its
// tokens, windows and counts; the tokens of the others are dead.
func (p *Platform) SetAccounts(accounts []Account) error {
	if err := validateAccounts(accounts); err != nil {
		return err
	}
	p.setAccounts(accounts)
	return nil
}

func (p *Platform) setAccounts(accounts []Account) {
	p.mu.Lock()
	defer p.mu.Unlock()
	byName, byAppID := map[string]*Official{}, map[string]*Official{}
	order := make([]*Official, 0, len(accounts))
	for _, cfg := range accounts {
		a := newAccount(cfg)
		if old := p.byName[cfg.Name]; old != nil && old.Config.AppID == cfg.AppID {
			a = old.with(cfg)
		}
		byName[cfg.Name], byAppID[cfg.AppID] = a, a
		order = append(order, a)
	}
	tokens := map[string]*Issued{}
	for token, t := range p.tokens {
		if a := byAppID[t.appID]; a != nil && a.memory == t.memory {
			tokens[token] = t
		}
	}
	p.byName, p.byAppID, p.order, p.tokens = byName, byAppID, order, tokens
}

// Account returns the configuration of an account, and false when there is none
// of that name.
func (p *Platform) Account(name string) (Account, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	a, ok := p.byName[name]
	if !ok {
		return Account{}, false
	}
	return a.Config, true
}

// Reset forgets what happened: tokens, windows, counts and faults. Accounts stay,
// and so do the lines of a ledger file, though GET /control/ledger begins anew.
func (p *Platform) Reset() error {
	p.mu.Lock()
	byName, byAppID := map[string]*Official{}, map[string]*Official{}
	for i, a := range p.order {
		fresh := newAccount(a.Config)
		p.order[i], byName[a.Config.Name], byAppID[a.Config.AppID] = fresh, fresh, fresh
	}
	p.byName, p.byAppID, p.tokens = byName, byAppID, map[string]*Issued{}
	p.mu.Unlock()
	p.webOwner.Clear()
	return errors.Join(p.rules.Set(nil), p.log.reset())
}

// Rules are the faults that the platform plays now.
func (p *Platform) Rules() *upstream.Ruleset { return p.rules }

// Err is the first line that the ledger could not take, and nil as long as the
// ledger is whole. The platform answers -1 to the call concerned.
func (p *Platform) Err() error {
	if err := p.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// Record adds a line to the ledger.
func (p *Platform) Record(c *ledger.Call) error {
	err := p.log.write(c)
	if err != nil {
		p.failed.CompareAndSwap(nil, &err)
	}
	return err
}

// Named returns the account of that name, and nil when there is none.
func (p *Platform) Named(name string) *Official {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.byName[name]
}

// OfApp returns the account with that appid, and nil when there is none.
func (p *Platform) OfApp(appID string) *Official {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.byAppID[appID]
}

// TokenNamed returns a token that the platform has given out, and whose it is.
func (p *Platform) TokenNamed(token string) (*Issued, *Official) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	t := p.tokens[token]
	if t == nil {
		return nil, nil
	}
	return t, p.byAppID[t.appID]
}

// remember makes a token known, and others unknown.
func (p *Platform) remember(t *Issued, forget []*Issued) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokens[t.Token] = t
	for _, f := range forget {
		delete(p.tokens, f.Token)
	}
}

// NewToken makes a token as long and as varied as the platform's.
func (p *Platform) NewToken() string {
	const tokenBytes = 96
	var raw [tokenBytes]byte
	for i := 0; i < tokenBytes; i += 8 {
		binary.BigEndian.PutUint64(raw[i:], p.Random())
	}
	return "76_" + base64.RawURLEncoding.EncodeToString(raw[:])
}

// NextMsgID is a new number of a message.
func (p *Platform) NextMsgID() int64 { return p.msgID.Add(1) }

// NextMsgIDText is NextMsgID in digits.
func (p *Platform) NextMsgIDText() string { return strconv.FormatInt(p.NextMsgID(), 10) }

// Random is the next number of the platform's own sequence (splitmix64).
func (p *Platform) Random() uint64 { return Mix(p.Seed + p.serial.Add(1)*0x9E3779B97F4A7C15) }

// Mix turns a count into a number that looks random (splitmix64).
func Mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// RID is a new request id, as it ends the text of an error.
func (p *Platform) RID() string {
	a, b := p.Random(), p.Random()
	return fmt.Sprintf("%08x-%08x-%08x", uint32(a>>32), uint32(a), uint32(b))
}

// Accounts are the accounts in their order.
func (p *Platform) Accounts() []*Official {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return slices.Clone(p.order)
}

// EachCall calls yield for every line since the last reset, oldest first.
func (p *Platform) EachCall(yield func(*ledger.Call) error) error { return p.log.each(yield) }

// Close closes the ledger. The error includes one that an earlier line met.
func (p *Platform) Close() error { return errors.Join(p.Err(), p.log.close()) }
