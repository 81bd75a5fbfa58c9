package server

import (
	"context"
	"sync"
	"time"

	"oalab/server/internal/business"
	"oalab/server/internal/cache"
	"oalab/server/internal/carrierapi"
	"oalab/server/internal/freshness"
	"oalab/server/internal/outbox"
	"oalab/server/internal/part"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqlstore"
	"oalab/server/internal/support"
	"oalab/server/internal/token"
	"oalab/server/internal/userlog"
	"oalab/server/internal/wechatapi"
	"oalab/server/internal/worker"
)

// build makes the parts of a server. What parts share is opened when the first of them asks
// for it, so that a role takes no connection that it does not use (OAU-7). What was opened
// is closed in the reverse order, after all parts have stopped.
type build struct {
	*Server
	opened []string    // what was opened, in this order
	counts *statements // nil until the first database

	core    func() (*sqlstore.DB, error)
	userLog func() (*userlog.Log, error)
	redis   func() (*cache.Client, error)
	queue   func() (workQueue, error)
	wechat  func() (*wechatapi.Client, error) // has access tokens once tokens was asked for
	tokens  func() (refresher, error)
	tickets func() (*token.Keeper, error)    // of the JSSDK
	carrier func() (business.Carrier, error) // nil: business is not available
	phones  func() (phoneBook, error)
	orders  func() (*business.Service, error)
	relay   func() (*outbox.Relay, error)
	worker  func() (*worker.Worker, error)

	keywords func() (*support.Service, error)
	copies   func() (*freshness.Watch, error)
}

func newBuild(ctx context.Context, s *Server) *build {
	b := &build{Server: s}
	b.core = once(b, "core", func() (*sqlstore.DB, error) { return b.openCore(ctx) })
	b.userLog = once(b, "log", func() (*userlog.Log, error) { return b.openLog(ctx) })
	b.redis = once(b, "redis", b.openRedis)
	b.queue = once(b, "queue", b.openQueue)
	b.wechat = once(b, "wechat", b.openWeChat)
	b.tokens = once(b, "tokens", b.openTokens)
	b.tickets = once(b, "tickets", b.openTickets)
	b.carrier = once(b, "carrier", b.openCarrier)
	b.phones = once(b, "phones", b.openPhones)
	b.orders = once(b, "business", b.openOrders)
	b.relay = once(b, "relay", b.openRelay)
	b.worker = once(b, "worker", b.openWorker)
	b.keywords = once(b, "keywords", b.openKeywords)
	b.copies = once(b, "copies", func() (*freshness.Watch, error) { return b.openCopies(ctx) })
	return b
}

// all mounts the parts of the server's roles.
func (b *build) all() error {
	for _, role := range roleTable() {
		if !b.roles[role.name] {
			continue
		}
		for _, make := range role.parts {
			p, err := make(b)
			if err != nil {
				return err
			}
			b.mount(p)
		}
	}
	return nil
}

// once is open for its first call; later ones get the same.
func once[T any](b *build, name string, open func() (T, error)) func() (T, error) {
	return sync.OnceValues(func() (T, error) {
		b.opened = append(b.opened, name)
		return open()
	})
}

// ask takes what a part shares with others, unless something before it failed.
func ask[T any](err *error, open func() (T, error)) (opened T) {
	if *err == nil {
		opened, *err = open()
	}
	return opened
}

// openCore opens the database of the core group and brings its tables up to date.
func (b *build) openCore(ctx context.Context) (*sqlstore.DB, error) {
	db, err := openStore(ctx, b.cfg)
	if err != nil {
		return nil, err
	}
	b.stops.push("database", func(context.Context) error { return db.Close() })
	if err := db.Migrate(ctx); err != nil {
		return nil, err
	}
	b.mount(part.Part{Health: []part.Health{{Name: "database", Ask: db.Ping}}})
	b.count(db)
	return db, nil
}

// count adds a database to the counters of statements.
func (b *build) count(db counted) {
	if b.counts == nil {
		b.counts = countStatements(b.reg)
	}
	b.counts.add(db)
}

func openStore(ctx context.Context, cfg Config) (*sqlstore.DB, error) {
	return sqlstore.Open(ctx, storeConfig(cfg))
}

func storeConfig(cfg Config) sqldb.Config {
	return sqldb.Config{
		Driver: cfg.Database.Driver, CoreDSN: string(cfg.Database.CoreDSN), LogDSN: string(cfg.Database.LogDSN),
		DataDir: cfg.DataDir, MaxConns: cfg.Database.MaxConns, Readers: cfg.Database.Readers,
	}
}

// openRedis makes the client of Redis, or the instance in this process.
func (b *build) openRedis() (*cache.Client, error) {
	client, err := cache.New(redisConfig(b.cfg), b.reg)
	if err != nil {
		return nil, err
	}
	b.stops.push("cache", func(context.Context) error { return client.Close() })
	b.mount(part.Part{Health: []part.Health{{Name: "redis", Ask: client.Ping, Dispensable: true}}})
	return client, nil
}

func redisConfig(cfg Config) cache.Config {
	return cache.Config{
		Addr: cfg.Redis.Addr, Sentinels: cfg.Redis.Sentinels, Master: cfg.Redis.MasterName, Password: string(cfg.Redis.Password),
	}
}

// openWeChat makes the client of the platform.
func (b *build) openWeChat() (*wechatapi.Client, error) {
	cfg := wechatapi.Config{APIBase: b.cfg.WeChat.APIBase, Log: b.log, Metrics: b.reg}
	for _, a := range b.cfg.Accounts {
		cfg.Accounts = append(cfg.Accounts, wechatapi.Account{Name: a.Name, AppID: a.AppID, Secret: string(a.Secret)})
	}
	client, err := wechatapi.New(cfg)
	if err != nil {
		return nil, err
	}
	b.stops.push("platform client", func(context.Context) error { client.Close(); return nil })
	return client, nil
}

// openCarrier makes the client of the carrier, or none where the carrier is not configured.
func (b *build) openCarrier() (business.Carrier, error) {
	if !b.cfg.Carrier.Known() {
		var none business.Carrier
		return none, nil
	}
	client, err := carrierapi.New(carrierapi.Config{
		WSDLURL: b.cfg.Carrier.WSDLURL, Endpoint: b.cfg.Carrier.Endpoint,
		Timeout: time.Duration(b.cfg.Orders.CarrierTimeout), Log: b.log,
	}, b.reg)
	if err != nil {
		return nil, err
	}
	b.stops.push("carrier client", func(context.Context) error { client.Close(); return nil })
	// Without the carrier orders wait and queries are answered later. Check tells of the
	// calls that were made and makes none.
	b.mount(part.Part{Health: []part.Health{{Name: "carrier", Ask: client.Check, Dispensable: true}}})
	return client, nil
}
