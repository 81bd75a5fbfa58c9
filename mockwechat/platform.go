// Package mockwechat owns the mock of the WeChat platform: the HTTP APIs that an
// official account's back end calls, with the platform's rules, limits and error
// codes; the pusher, which sends what followers do to the back end and judges its
// replies as the platform does; and the ledger of all of it (MOCKW-1 to MOCKW-5).
package mockwechat

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"oalab/chaos/upstream"
	"oalab/mockwechat/ledger"
)

// Errors of the platform. All wrap what happened.
var (
	ErrUnknownAccount = errors.New("mockwechat: unknown account")
	ErrMessage        = errors.New("mockwechat: bad message")
)

// Platform is the mock platform. All methods are safe for concurrent use.
type Platform struct {
	cfg    Config
	limits Limits
	now    func() time.Time
	rules  *upstream.Ruleset
	log    *callLog
	serial atomic.Uint64 // tokens, message ids, nonces and rids are counted by it
	msgID  atomic.Int64
	failed atomic.Pointer[error] // the first line that could not be written
	life   lifecycle
	load   atomic.Pointer[pushLoad]

	mu      sync.RWMutex
	byName  map[string]*account
	byAppID map[string]*account
	order   []*account
	tokens  map[string]*issued
}

// New builds a platform and opens its ledger. It serves after Start, or through
// Handler and ControlHandler.
func New(cfg Config) (*Platform, error) {
	if err := validateAccounts(cfg.Accounts); err != nil {
		return nil, err
	}
	log, err := openLog(cfg.LedgerPath)
	if err != nil {
		return nil, err
	}
	p := &Platform{
		cfg: cfg, limits: cfg.Limits.withDefaults(), now: cfg.Now, log: log,
		rules: upstream.NewRuleset(cfg.Seed),
	}
	if p.now == nil {
		p.now = time.Now
	}
	p.life.init()
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
	byName, byAppID := map[string]*account{}, map[string]*account{}
	order := make([]*account, 0, len(accounts))
	for _, cfg := range accounts {
		a := newAccount(cfg)
		if old := p.byName[cfg.Name]; old != nil && old.cfg.AppID == cfg.AppID {
			a = old.with(cfg)
		}
		byName[cfg.Name], byAppID[cfg.AppID] = a, a
		order = append(order, a)
	}
	tokens := map[string]*issued{}
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
	return a.cfg, true
}

// Reset forgets what happened: tokens, windows, counts and faults. Accounts stay,
// and so do the lines of a ledger file, though GET /control/ledger begins anew.
func (p *Platform) Reset() error {
	p.mu.Lock()
	byName, byAppID := map[string]*account{}, map[string]*account{}
	for i, a := range p.order {
		fresh := newAccount(a.cfg)
		p.order[i], byName[a.cfg.Name], byAppID[a.cfg.AppID] = fresh, fresh, fresh
	}
	p.byName, p.byAppID, p.tokens = byName, byAppID, map[string]*issued{}
	p.mu.Unlock()
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

func (p *Platform) record(c *ledger.Call) error {
	err := p.log.write(c)
	if err != nil {
		p.failed.CompareAndSwap(nil, &err)
	}
	return err
}

func (p *Platform) accountNamed(name string) *account {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.byName[name]
}

func (p *Platform) accountOfApp(appID string) *account {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.byAppID[appID]
}

// tokenNamed returns a token that the platform has given out, and whose it is.
func (p *Platform) tokenNamed(token string) (*issued, *account) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	t := p.tokens[token]
	if t == nil {
		return nil, nil
	}
	return t, p.byAppID[t.appID]
}

// remember makes a token known, and others unknown.
func (p *Platform) remember(t *issued, forget []*issued) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokens[t.token] = t
	for _, f := range forget {
		delete(p.tokens, f.token)
	}
}

// newToken makes a token as long and as varied as the platform's.
func (p *Platform) newToken() string {
	const tokenBytes = 96
	var raw [tokenBytes]byte
	for i := 0; i < tokenBytes; i += 8 {
		binary.BigEndian.PutUint64(raw[i:], p.random())
	}
	return "76_" + base64.RawURLEncoding.EncodeToString(raw[:])
}

func (p *Platform) nextMsgID() int64 { return p.msgID.Add(1) }

func (p *Platform) nextMsgIDText() string { return strconv.FormatInt(p.nextMsgID(), 10) }

// random is the next number of the platform's own sequence (splitmix64).
func (p *Platform) random() uint64 { return mix(p.cfg.Seed + p.serial.Add(1)*0x9E3779B97F4A7C15) }

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

func (p *Platform) rid() string {
	a, b := p.random(), p.random()
	return fmt.Sprintf("%08x-%08x-%08x", uint32(a>>32), uint32(a), uint32(b))
}

// Handler serves the platform's own APIs.
func (p *Platform) Handler() http.Handler { return http.HandlerFunc(p.serveAPI) }
