package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// The rows that are not this program.
const (
	peerOurs     = "oaserver"
	peerOursFile = "oaserver-sqlite" // without MySQL and Redis
	peerVegeta   = "vegeta"          // the generator, on Echo alone
)

// servers are started and measured in this order.
var servers = []string{peerEcho, peerSDK, peerUsual, peerByHand, peerOurs, peerByHandFile, peerOursFile}

// The ways to load a server. The rate of the overload is twice what the closed load of the
// same round and server found.
var shapes = []shape{
	{name: "one at a time", conns: 1},
	{name: "100/s", conns: 16, rate: 100},
	{name: "closed, 64", conns: 64},
	{name: "overload", conns: 512, rate: -1},
}

const (
	shapeClosed   = "closed, 64"
	shapeOverload = "overload"
)

// measured are the samples of a peer, by shape.
type measured map[string][]sample

// compare starts all peers, measures them in turn and prints the medians.
func compare(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "peers")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	var running []*process
	defer func() {
		for _, p := range running {
			err = errors.Join(err, p.stop())
		}
	}()
	for _, name := range servers {
		if o.only != "" && o.only != name {
			continue
		}
		p, drop, err := startPeer(ctx, o, dir, name)
		defer drop()
		if err != nil {
			return err
		}
		running = append(running, p)
	}
	all := make(map[string]measured)
	for round := range o.rounds {
		fmt.Fprintf(os.Stderr, "peers: round %d of %d\n", round+1, o.rounds)
		for _, s := range shapes {
			for _, p := range running {
				if err := measure(ctx, o, p, s, all); err != nil {
					return err
				}
			}
		}
		if o.vegeta != "" && running[0].name == peerEcho {
			one, err := byVegeta(ctx, o, dir, running[0])
			if err != nil {
				return err
			}
			add(all, peerVegeta, shapeClosed, one)
		}
	}
	return printTable(os.Stdout, all)
}

func add(all map[string]measured, peer, shape string, s sample) {
	if all[peer] == nil {
		all[peer] = make(measured)
	}
	all[peer][shape] = append(all[peer][shape], s)
}

// settle is the pause between two measurements.
const settle = 300 * time.Millisecond

func measure(ctx context.Context, o options, p *process, s shape, all map[string]measured) error {
	if s.name == shapeOverload {
		closed := all[p.name][shapeClosed]
		s.rate = 2 * closed[len(closed)-1].perS
	}
	before, err := p.cpu()
	if err != nil {
		return err
	}
	got, err := drive(ctx, p.addr, p.pushes, s, o.length)
	if err != nil {
		return fmt.Errorf("%s, %s: %w", p.name, s.name, err)
	}
	after, err := p.cpu()
	if err != nil {
		return err
	}
	if got.failed > 0 && s.name != shapeOverload {
		return fmt.Errorf("%s, %s: %d messages failed, the first with: %w\n%s", p.name, s.name, got.failed, got.firstErr, tail(p.log.Bytes()))
	}
	if done := got.perS * o.length.Seconds(); done > 0 {
		got.cpu = (after - before).Seconds() / done * 1000
	}
	add(all, p.name, s.name, got)
	select {
	case <-time.After(settle):
	case <-ctx.Done():
	}
	return ctx.Err()
}

func tail(log []byte) []byte { return log[max(0, len(log)-2000):] }

// startPeer starts a peer on a database of its own. drop removes the database, also
// after a start that failed.
func startPeer(ctx context.Context, o options, dir, name string) (p *process, drop func(), err error) {
	drop = func() {}
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, drop, err
	}
	own := ""
	if name == peerUsual || name == peerByHand || name == peerOurs {
		if own, drop, err = database(ctx, o.mysql, "peers_"+name, name != peerOurs); err != nil {
			return nil, drop, err
		}
	}
	switch name {
	case peerOurs:
		stores := fmt.Sprintf("database: {driver: mysql, core_dsn: %s, log_dsn: %s}\nredis: {addr: %q}\n", quoted(own), quoted(own), o.redis)
		p, err = startOurs(ctx, o, filepath.Join(dir, name), name, addr, stores)
		return p, drop, err
	case peerOursFile:
		p, err = startOurs(ctx, o, filepath.Join(dir, name), name, addr, "database: {driver: sqlite}\n")
		return p, drop, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, drop, err
	}
	p, err = start(ctx, name, addr, self, []string{serveCommand, name}, []string{
		peerListen + "=" + addr, peerMySQL + "=" + own, peerRedis + "=" + o.redis, peerFile + "=" + filepath.Join(dir, name+".db"),
	})
	return p, drop, err
}

// database makes a database, with the table of the peers if they need it.
func database(ctx context.Context, dsn, name string, withTable bool) (own string, drop func(), err error) {
	drop = func() {}
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		return "", drop, errors.New("-mysql is not a data source name of MySQL")
	}
	db, err := sql.Open("mysql", config.FormatDSN())
	if err != nil {
		return "", drop, err
	}
	drop = func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		if _, err := db.ExecContext(ctx, "DROP DATABASE IF EXISTS "+name); err != nil {
			fmt.Fprintln(os.Stderr, "peers: the database", name, "is left behind:", err)
		}
		db.Close()
	}
	queries := []string{"DROP DATABASE IF EXISTS " + name, "CREATE DATABASE " + name}
	if withTable {
		queries = append(queries, strings.Replace(createTable, table, name+"."+table, 1))
	}
	for _, query := range queries {
		if _, err := db.ExecContext(ctx, query); err != nil {
			return "", drop, fmt.Errorf("%s: %w", query, err)
		}
	}
	config.DBName, config.ParseTime = name, withTable
	return config.FormatDSN(), drop, nil
}

func quoted(s string) string { b, _ := json.Marshal(s); return string(b) }

// startOurs starts oaserver in safe mode with all of its roles, in a folder of its own.
// stores is what its configuration says of them.
func startOurs(ctx context.Context, o options, dir, name, addr, stores string) (*process, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	file, seed := filepath.Join(dir, "oaserver.yaml"), filepath.Join(dir, "seed.yaml")
	content := fmt.Sprintf("listen: %q\ndata_dir: %s\n%s"+
		"accounts: [{name: demo, app_id: %s, secret: %q, token: %s, encoding_aes_key: %q, original_id: gh_a96a4a619366, mode: safe}]\n",
		addr, quoted(filepath.Join(dir, "data")), stores, appID, secret, token, aesKey)
	answers := fmt.Sprintf("account: demo\nkeywords:\n  - {keyword: %s, match: message_contains, answers: [%q]}\n", hit, answerHit)
	if err := errors.Join(os.WriteFile(file, []byte(content), 0o600), os.WriteFile(seed, []byte(answers), 0o600)); err != nil {
		return nil, err
	}
	if out, err := exec.CommandContext(ctx, o.oaserver, "seed", "--config", file, seed).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("oaserver seed: %w\n%s", err, out)
	}
	return start(ctx, name, addr, o.oaserver, []string{"serve", "--config", file}, nil)
}

// byVegeta lets vegeta's command line load Echo as fast as 64 workers can.
func byVegeta(ctx context.Context, o options, dir string, p *process) (sample, error) {
	request := string(p.pushes.request(nil))
	head, body, _ := strings.Cut(request, "\r\n\r\n")
	path := strings.Fields(head)[1]
	bodyFile, results := filepath.Join(dir, "body"), filepath.Join(dir, "results")
	if err := os.WriteFile(bodyFile, []byte(body), 0o600); err != nil {
		return sample{}, err
	}
	attack := exec.CommandContext(ctx, o.vegeta, "attack", "-rate=0", "-max-workers=64", "-connections=64", "-duration="+o.length.String(), "-body="+bodyFile, "-output="+results)
	attack.Stdin = strings.NewReader("POST http://" + p.addr + path + "\nContent-Type: text/xml\n")
	if out, err := attack.CombinedOutput(); err != nil {
		return sample{}, fmt.Errorf("vegeta: %w\n%s", err, out)
	}
	out, err := exec.CommandContext(ctx, o.vegeta, "report", "-type=json", results).Output()
	if err != nil {
		return sample{}, fmt.Errorf("vegeta report: %w", err)
	}
	var report struct {
		Latencies struct {
			P50 time.Duration `json:"50th"`
			P99 time.Duration `json:"99th"`
		} `json:"latencies"`
		Requests int64   `json:"requests"`
		Rate     float64 `json:"throughput"`
		Success  float64 `json:"success"`
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return sample{}, err
	}
	if report.Success < 1 {
		return sample{}, fmt.Errorf("vegeta: only %.3f of its requests were answered", report.Success)
	}
	used := attack.ProcessState.UserTime() + attack.ProcessState.SystemTime()
	return sample{
		perS: report.Rate, p50: report.Latencies.P50, p99: report.Latencies.P99, cpu: used.Seconds() / float64(report.Requests) * 1000,
	}, nil
}

// medianOf is the median of what each sample says.
func medianOf(samples []sample, of func(sample) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	slices.Sort(values)
	n := len(values)
	if n == 0 {
		return 0
	}
	return (values[(n-1)/2] + values[n/2]) / 2
}
