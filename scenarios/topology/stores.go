package topology

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"oalab/chaos"
	"oalab/scenarios/topology/container"
)

// Stores are a MySQL, a Redis and a RabbitMQ that outlive this process: what the
// tests of the server's own packages run against. `oalab down` removes them.
type Stores struct {
	// Run is the id under which they are kept.
	Run                          string
	MySQLDSN, RedisAddr, AMQPURL string
	// Sentinels and AMQPNodes are host:port of the redundant ones; none otherwise.
	Sentinels, AMQPNodes []string
}

// StartStores brings up one host for each store, or the redundant ones (DIS-6), and keeps
// them. say is told what takes long.
func StartStores(ctx context.Context, log *slog.Logger, redundant bool, say func(string)) (_ Stores, err error) {
	layout := Layout{Redundant: redundant}
	run := runID()
	d := &docker{spec: Spec{Logger: log, Keep: true, Progress: say}, layout: layout, hosts: map[chaos.Target]*container.Host{}}
	if d.engine, err = container.Open(ctx, container.Options{RunID: run, Keep: true, Log: log}); err != nil {
		return Stores{}, err
	}
	defer func() {
		if err != nil {
			stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
			defer cancel()
			err = errors.Join(err, d.engine.Remove(stop))
		}
		err = errors.Join(err, d.engine.Close())
	}()
	if err := d.ensureImages(ctx, storeImages()...); err != nil {
		return Stores{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, dockerTimeout)
	defer cancel()
	if d.network, err = d.engine.Network(ctx, "stores"); err != nil {
		return Stores{}, err
	}
	specs := d.stores()
	for i := range specs {
		specs[i].LogPath = "" // no run folder, so no log
	}
	if err := d.launch(ctx, specs...); err != nil {
		return Stores{}, fmt.Errorf("start the stores: %w", err)
	}
	if err := d.awaitRedundant(ctx); err != nil {
		return Stores{}, err
	}
	s := Stores{Run: run, MySQLDSN: d.mysqlDSN(), RedisAddr: d.addr(placeRedis, portRedis), AMQPURL: d.amqpURL()}
	if redundant {
		s.Sentinels, s.AMQPNodes = d.sentinels(), d.brokers()[1:]
	}
	return s, nil
}
