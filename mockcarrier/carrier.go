// Package mockcarrier owns the carrier as the server sees it: a SOAP service
// with its WSDL, a durable ledger of what it really did, faults on command, and
// a control port apart from the service (MOCKC-1 to MOCKC-4).
//
// It de-duplicates orders by serial, as carriers do, and that can be switched
// off. An order is on record as processing from its arrival on, takes effect
// with its line in the ledger, and is answered after that: a caller that gave up
// waiting asks for the order's state.
package mockcarrier

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"oalab/chaos/upstream"
	"oalab/mockcarrier/ledger"
)

// Path is where the service is mounted; its WSDL is at Path with the query wsdl.
const Path = "/carrier"

// Config says how a Carrier is built. The zero value is usable.
type Config struct {
	// LedgerPath is the file of the ledger. One that exists is continued: what
	// was applied stays applied. Empty is a temporary file, gone after Stop.
	LedgerPath string
	// Seed fixes the draws of the fault rules and what subscribers have at the beginning.
	Seed uint64
	// NoDedup makes every call with a serial take effect, until a control call
	// or a reset says otherwise.
	NoDedup bool
	// Products are the codes that can be ordered; empty is any code.
	Products []string
	// Carrier is whose numbers are the carrier's subscribers, one of Carriers; numbers of
	// others get texts and nothing else. Empty: all numbers are.
	Carrier string
	// MaxSerials bounds the memory for serials, and for subscribers that were changed; beyond
	// it orders are refused as busy. 0 is 1 000 000.
	MaxSerials int
	// MaxInFlight bounds the calls that are kept waiting at a time; beyond it
	// calls get status 503. 0 is 8192.
	MaxInFlight int
	// HoldLimit is how long a caller is kept without an answer by the actions
	// hang and answer_lost, unless it leaves before. 0 is one minute.
	HoldLimit time.Duration
	// DripEvery is the pause behind every byte of the action drip. 0 is 20 ms.
	DripEvery time.Duration
	// Log gets what happens to the carrier itself; nil is nowhere.
	Log *slog.Logger
}

// Carrier is one mock carrier. It is safe for concurrent use.
type Carrier struct {
	cfg      Config
	products map[string]bool
	rules    *upstream.Ruleset
	noDedup  atomic.Bool
	soldOut  atomic.Pointer[[]string] // products; nil is none
	inFlight atomic.Int64
	receipts atomic.Uint64
	wsdl     *wsdlPage
	servers  servers

	mu     sync.RWMutex // guards epoch and the ledger's file, held for reading while writing a line
	epoch  *epoch
	ledger *ledgerFile

	stop    sync.Once
	stopErr error
}

// epoch is the time between two resets. A call belongs to the one it arrived
// in, and leaves no trace in a later one.
type epoch struct {
	ctx      context.Context // ends with the epoch
	end      context.CancelFunc
	book     *book
	accounts *accounts
}

func newEpoch(cfg Config) *epoch {
	ctx, end := context.WithCancel(context.Background())
	return &epoch{ctx: ctx, end: end, book: newBook(cfg.MaxSerials), accounts: newAccounts(cfg.Seed, cfg.MaxSerials)}
}

// New builds a carrier and opens its ledger. Stop closes it, started or not.
func New(cfg Config) (*Carrier, error) {
	cfg.MaxSerials = cmp.Or(cfg.MaxSerials, 1_000_000)
	cfg.MaxInFlight = cmp.Or(cfg.MaxInFlight, 8192)
	cfg.HoldLimit = cmp.Or(cfg.HoldLimit, time.Minute)
	cfg.DripEvery = cmp.Or(cfg.DripEvery, 20*time.Millisecond)
	if cfg.MaxSerials < 0 || cfg.MaxInFlight < 0 || cfg.HoldLimit < 0 || cfg.DripEvery < 0 {
		return nil, fmt.Errorf("mock carrier: a limit is negative: %+v", cfg)
	}
	if cfg.Carrier != "" && !slices.Contains(Carriers(), cfg.Carrier) {
		return nil, fmt.Errorf("mock carrier: carrier %q is none of %q", cfg.Carrier, Carriers())
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	page, err := newWSDLPage()
	if err != nil {
		return nil, fmt.Errorf("mock carrier: %w", err)
	}
	file, done, err := openLedger(cfg.LedgerPath)
	if err != nil {
		return nil, fmt.Errorf("mock carrier: %w", err)
	}
	c := &Carrier{
		cfg:      cfg,
		products: map[string]bool{},
		rules:    upstream.NewRuleset(cfg.Seed),
		wsdl:     page,
		epoch:    newEpoch(cfg),
		ledger:   file,
	}
	c.noDedup.Store(cfg.NoDedup)
	for _, code := range cfg.Products {
		c.products[code] = true
	}
	c.epoch.book.restore(done)
	for _, line := range done {
		c.epoch.accounts.apply(line)
	}
	return c, nil
}

// current returns the epoch that a call arriving now belongs to.
func (c *Carrier) current() *epoch {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.epoch
}

// write puts a line on disk, unless the epoch of its call is over.
func (c *Carrier) write(e *epoch, line ledger.Entry) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.epoch != e || e.ctx.Err() != nil {
		return errEpochOver
	}
	return c.ledger.write(line)
}

// Reset brings the carrier back to its beginning: no serials, no rules, an
// empty ledger, the settings of its Config. Calls that are under way are broken
// off and take no effect.
func (c *Carrier) Reset() error {
	if err := c.rules.Set(nil); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch.end()
	if err := c.ledger.truncate(); err != nil {
		return fmt.Errorf("mock carrier: reset: %w", err)
	}
	c.noDedup.Store(c.cfg.NoDedup)
	c.soldOut.Store(nil)
	c.epoch = newEpoch(c.cfg)
	return nil
}

// Stop breaks off the calls under way, ends serving within ctx and closes the
// ledger. Only the first call does so; the others return its error.
func (c *Carrier) Stop(ctx context.Context) error {
	c.stop.Do(func() {
		c.current().end()
		c.stopErr = c.servers.stop(ctx)
		c.mu.Lock()
		defer c.mu.Unlock()
		if err := c.ledger.close(); err != nil && c.stopErr == nil {
			c.stopErr = fmt.Errorf("mock carrier: %w", err)
		}
	})
	return c.stopErr
}
