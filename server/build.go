package server

import (
	"context"
	"fmt"
	"time"

	"oalab/server/internal/cache"
	"oalab/server/internal/carrierapi"
	"oalab/server/internal/config"
	"oalab/server/internal/job"
	"oalab/server/internal/part"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/wechatapi"
)

// build makes the parts of a server. What parts share is opened when the first of them asks
// for it, so that a role takes no connection that it does not use (OAU-7). What was opened
// is closed in the reverse order, after all parts have stopped. It belongs to one goroutine.
type build struct {
	*Server
	ctx      context.Context    // bounds the opening
	known    map[string]*opened // what was asked for, by its name
	opened   []string           // their names, in the order of the opening
	counts   *statements        // nil until the first database
	renewing bool               // a role has asked for the renewal of tokens
	paged    bool               // a role has asked for the files of pages
}

func newBuild(ctx context.Context, s *Server) *build {
	return &build{Server: s, ctx: ctx, known: make(map[string]*opened)}
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

// handlers are the job types with the handlers of the parts before. A server that does no
// jobs needs none of these.
func (b *build) handlers() (job.Catalogue, error) {
	types := config.JobTypes(b.cfg)
	if !b.roles[RoleWorker] {
		return types, nil
	}
	var given job.Catalogue
	for _, p := range b.parts {
		given = append(given, p.Jobs...)
	}
	return types.Handled(given)
}

// opened is something that parts share.
type opened struct {
	value any
	err   error
}

// shared is what open returns to the first part that asks for the name; each later one gets
// the same.
func shared[T any](b *build, name string, open func() (T, error)) (T, error) {
	if o := b.known[name]; o != nil {
		value, ok := o.value.(T)
		if !ok && o.value != nil {
			return value, fmt.Errorf("%s is shared as a %T, and asked for as another type", name, o.value)
		}
		return value, o.err
	}
	o := &opened{err: fmt.Errorf("%s needs itself to be opened", name)}
	b.known[name] = o
	b.opened = append(b.opened, name)
	value, err := open()
	o.value, o.err = value, err
	return value, err
}

// ask takes what a part shares with others, unless something before it failed.
func ask[T any](err *error, open func() (T, error)) (opened T) {
	if *err == nil {
		opened, *err = open()
	}
	return opened
}

// core is the database of the core group.
func (b *build) core() (*sqldb.DB, error) { return shared(b, "core", b.openCore) }

// openCore opens the database of the core group, with its tables up to date.
func (b *build) openCore() (*sqldb.DB, error) {
	db, err := openStore(b.ctx, b.cfg)
	if err != nil {
		return nil, err
	}
	b.stops.push("database", func(context.Context) error { return db.Close() })
	b.mount(part.Part{Health: []part.Health{{Name: "database", Ask: db.Ping}}})
	b.count(db)
	return db, nil
}

// logRows is the database of the user log.
func (b *build) logRows() (*sqldb.DB, error) { return shared(b, "log rows", b.openLogRows) }

// openLogRows opens the database of the user log.
func (b *build) openLogRows() (*sqldb.DB, error) {
	db, err := sqldb.OpenLog(b.ctx, storeConfig(b.cfg))
	if err != nil {
		return nil, err
	}
	b.stops.push("database of the user log", func(context.Context) error { return db.Close() })
	b.count(db)
	return db, nil
}

// zone is where days and months begin.
func (b *build) zone() (*time.Location, error) {
	zone, err := b.cfg.Carrier.TimeZone.Location()
	if err != nil {
		return nil, fmt.Errorf("carrier.time_zone: %w", err)
	}
	return zone, nil
}

// count adds a database to the counters of statements.
func (b *build) count(db counted) {
	if b.counts == nil {
		b.counts = countStatements(b.reg)
	}
	b.counts.add(db)
}

// redis is the cache that servers share, or the one in this process.
func (b *build) redis() (*cache.Client, error) { return shared(b, "redis", b.openRedis) }

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

// wechat is the client of the platform. It has access tokens once tokens was asked for.
func (b *build) wechat() (*wechatapi.Client, error) { return shared(b, "wechat", b.openWeChat) }

// openWeChat makes the client of the platform.
func (b *build) openWeChat() (*wechatapi.Client, error) {
	cfg := wechatapi.Config{APIBase: b.cfg.WeChat.APIBase, Log: b.log, Metrics: b.reg}
	for _, a := range b.cfg.Accounts {
		cfg.Accounts = append(cfg.Accounts, platformAccount(a))
	}
	client, err := wechatapi.New(cfg)
	if err != nil {
		return nil, err
	}
	b.stops.push("platform client", func(context.Context) error { client.Close(); return nil })
	return client, nil
}

// carrier is the client of the carrier; nil means that business is not available.
func (b *build) carrier() (*carrierapi.Client, error) { return shared(b, "carrier", b.openCarrier) }

// openCarrier makes the client of the carrier, or nil where the carrier is not configured.
func (b *build) openCarrier() (*carrierapi.Client, error) {
	if !b.cfg.Carrier.Known() {
		return nil, nil //nolint:nilnil // no carrier is no error
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
