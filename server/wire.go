package server

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/business"
	"oalab/server/internal/cache"
	"oalab/server/internal/callback"
	"oalab/server/internal/carrierapi"
	"oalab/server/internal/freshness"
	"oalab/server/internal/job"
	"oalab/server/internal/outbox"
	"oalab/server/internal/sqlstore"
	"oalab/server/internal/support"
	"oalab/server/internal/telemetry"
	"oalab/server/internal/web"
	"oalab/server/internal/wechatapi"
	"oalab/server/wechat"
)

// What the store has to be able to do for the features.
var (
	_ business.Store  = (*sqlstore.DB)(nil)
	_ outbox.Store    = (*sqlstore.DB)(nil)
	_ support.Store   = (*sqlstore.DB)(nil)
	_ business.WeChat = (*wechatapi.Client)(nil)
)

// wire builds all parts; nothing runs yet. What has to be closed is on the stack.
func (s *Server) wire(ctx context.Context) error {
	db, err := openStore(ctx, s.cfg)
	if err != nil {
		return err
	}
	s.stops.push("database", func(context.Context) error { return db.Close() })
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	registry := telemetry.NewRegistry()
	queue, err := s.newQueue(registry)
	if err != nil {
		return err
	}
	redis, err := s.newCache(registry)
	if err != nil {
		return err
	}
	service, bindings, err := s.newBusiness(db, redis, queue, registry)
	if err != nil {
		return err
	}
	if err := s.wireWork(db, queue, service, registry); err != nil {
		return err
	}
	s.ready.database, s.ready.redis = db.Ping, redis.Ping
	statements := []func() int64{db.Statements}
	registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "oalab_db_statements_total", Help: "Statements sent to the databases, without BEGIN and COMMIT.",
	}, func() (sum float64) {
		for _, of := range statements {
			sum += float64(of())
		}
		return sum
	}))

	site := web.Config{Readiness: s.ready, Metrics: registry, Log: s.log}
	if s.roles[RoleCallback] {
		users, logs, err := s.newUserLog(ctx, registry)
		if err != nil {
			return err
		}
		statements = append(statements, logs.Statements)
		answers := support.New(db, s.accountNames(), s.log)
		watch, err := s.newWatch(ctx, db, redis, service, answers, bindings, registry)
		if err != nil {
			return err
		}
		handler, err := s.newCallback(service, answers, watch, users, registry)
		if err != nil {
			return err
		}
		s.drain, site.Callback = handler.Drain, handler
	}
	s.web = web.New(site)
	return nil
}

func openStore(ctx context.Context, cfg Config) (*sqlstore.DB, error) {
	return sqlstore.Open(ctx, storeConfig(cfg))
}

func storeConfig(cfg Config) sqlstore.Config {
	return sqlstore.Config{
		Driver: cfg.Database.Driver, CoreDSN: string(cfg.Database.CoreDSN), LogDSN: string(cfg.Database.LogDSN),
		DataDir: cfg.DataDir, MaxConns: cfg.Database.MaxConns, Readers: cfg.Database.Readers,
	}
}

// newBusiness builds the business service and its clients, and the cache of bindings, which
// is nil where it is off.
func (s *Server) newBusiness(db *sqlstore.DB, redis *cache.Client, queue workQueue, reg prometheus.Registerer) (*business.Service, *cache.Bindings, error) {
	platform := wechatapi.Config{APIBase: s.cfg.WeChat.APIBase}
	for _, a := range s.cfg.Accounts {
		platform.Accounts = append(platform.Accounts, wechatapi.Account{Name: a.Name, AppID: a.AppID, Secret: string(a.Secret)})
	}
	client, err := wechatapi.New(platform)
	if err != nil {
		return nil, nil, err
	}
	s.stops.push("platform client", func(context.Context) error { client.Close(); return nil })
	if err := s.newKeeper(db, redis, client, reg); err != nil {
		return nil, nil, err
	}
	var carrier business.Carrier // a nil interface: business is not available
	if s.cfg.Carrier.WSDLURL != "" {
		client, err := carrierapi.New(carrierapi.Config{
			WSDLURL: s.cfg.Carrier.WSDLURL, Timeout: time.Duration(s.cfg.Orders.CarrierTimeout),
		}, reg)
		if err != nil {
			return nil, nil, err
		}
		s.stops.push("carrier client", func(context.Context) error { client.Close(); return nil })
		carrier = client
	}
	phones, bindings, err := s.newPhones(db, redis, reg)
	if err != nil {
		return nil, nil, err
	}
	cfg := business.Config{
		InlineWait:     time.Duration(s.cfg.Callback.InlineWait),
		CarrierTimeout: time.Duration(s.cfg.Orders.CarrierTimeout),
		SweepEvery:     time.Duration(s.cfg.Orders.SweepEvery),
		SweepAfter:     time.Duration(s.cfg.Orders.SweepAfter),
		Defects:        s.cfg.Defects,
		Replies:        cache.NewReplies(redis),
		Phones:         phones,
		Direct:         queue,
	}
	if s.overBroker() {
		cfg.Tells = queue
	}
	service, err := business.New(cfg, db, carrier, client, s.log, reg)
	return service, bindings, err
}

// newCallback builds the callback.
func (s *Server) newCallback(service *business.Service, answers *support.Service, watch *freshness.Watch, users callback.UserLog, reg prometheus.Registerer) (*callback.Handler, error) {
	cfg := callback.Config{
		Budget:    time.Duration(s.cfg.Callback.Budget),
		BodyLimit: int64(s.cfg.Callback.BodyLimit), MaxConcurrent: s.cfg.Callback.MaxConcurrent,
		Alone:   job.Defects(s.cfg.Defects).Has(job.DefectNoDedup),
		UserLog: users,
		Current: watch.Current,
	}
	for _, a := range s.cfg.Accounts {
		account, err := callbackAccount(a)
		if err != nil {
			return nil, err
		}
		cfg.Accounts = append(cfg.Accounts, account)
	}
	handler, err := callback.New(cfg, asked{service}, answers, s.log, reg)
	if err != nil {
		return nil, fmt.Errorf("make the callback: %w", err)
	}
	return handler, nil
}

func (s *Server) accountNames() []string {
	names := make([]string, 0, len(s.cfg.Accounts))
	for _, a := range s.cfg.Accounts {
		names = append(names, a.Name)
	}
	return names
}

// callbackAccount expands the keys of an account, once.
func callbackAccount(a Account) (callback.Account, error) {
	account := callback.Account{Name: a.Name, Token: string(a.Token), Mode: wechat.Mode(a.Mode)}
	if a.EncodingAESKey == "" { // then the mode is plain
		return account, nil
	}
	var err error
	if account.Keys, err = wechat.NewKeyring(a.AppID, string(a.EncodingAESKey), string(a.PreviousEncodingAESKey)); err != nil {
		return account, fmt.Errorf("account %s: %w", a.Name, err)
	}
	return account, nil
}

// asked lets the callback ask business: features do not know each other's types.
type asked struct{ service *business.Service }

// Answer implements callback.Business.
func (a asked) Answer(ctx context.Context, c callback.Command) (callback.Outcome, bool, error) {
	reply, ok, err := a.service.Answer(ctx, business.Command{
		Account: c.Account, OpenID: c.OpenID, Key: c.Key, Text: c.Text, At: c.At,
	})
	return callback.Outcome{Text: reply.Text, Later: reply.Later}, ok, err
}
