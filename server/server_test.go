package server_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"oalab/server"
	"oalab/server/internal/servertest"
)

func TestEmptyConfigurationServes(t *testing.T) {
	t.Parallel()
	cfg := server.Default()
	cfg.Listen, cfg.DataDir = "127.0.0.1:0", t.TempDir()
	s := servertest.Start(t, cfg)
	if status, body := servertest.Get(t, s, "/readyz"); status != 200 || !strings.Contains(body, `"database":"ok"`) {
		t.Errorf("readyz: %d %s", status, body)
	}
	if status, _ := servertest.Push(t, s, "<xml/>"); status != 404 {
		t.Errorf("callback without accounts: %d", status)
	}
}

func TestBusinessWithoutACarrierIsNotAvailable(t *testing.T) {
	t.Parallel()
	cfg := servertest.Config(t)
	servertest.Seed(t, cfg, seed)
	s := servertest.Start(t, cfg)
	const push = "<xml><ToUserName>gh_a96a4a619366</ToUserName><FromUserName>oFollower0000000000000000001</FromUserName><CreateTime>1</CreateTime>" +
		"<MsgType>text</MsgType><Content>CONTENT</Content><MsgId>1</MsgId></xml>"
	for content, want := range map[string]string{"KT10": "暂时无法办理", "CXLL": "暂时无法办理", "别的": "没有找到"} {
		if status, body := servertest.Push(t, s, strings.Replace(push, "CONTENT", content, 1)); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", content, status, body)
		}
	}
}

func TestNewAndStartRefuse(t *testing.T) {
	t.Parallel()
	running := servertest.Start(t, servertest.Config(t))
	tests := []struct {
		name   string
		change func(t *testing.T, cfg *server.Config)
		roles  []string
		want   string
	}{
		{"busy port", func(_ *testing.T, cfg *server.Config) { cfg.Listen = running.Addr() }, nil, "listen on " + running.Addr() + ": bind: address already in use"},
		{"data folder is a file", func(t *testing.T, cfg *server.Config) {
			t.Helper()
			cfg.DataDir = filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(cfg.DataDir, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, nil, "not a directory"},
		{"safe mode without a key", func(_ *testing.T, cfg *server.Config) { cfg.Accounts[0].Mode = "safe" }, nil, "account demo.encoding_aes_key: must be set for mode safe"},
		{"role of a later version", func(*testing.T, *server.Config) {}, []string{"admin"}, `role "admin" is not available yet`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cfg := servertest.Config(t)
			test.change(t, &cfg)
			s, err := server.New(t.Context(), cfg, server.Options{Roles: test.roles})
			if err == nil {
				err = s.Start(t.Context())
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error is %v, want one line with %s", err, test.want)
			}
		})
	}
}

func TestAServerThatCouldNotStartLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	running := servertest.Start(t, servertest.Config(t))
	cfg := servertest.Config(t)
	free := cfg.Listen
	for range 3 { // the database is free again each time
		cfg.Listen = running.Addr()
		s, err := server.New(t.Context(), cfg, server.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Start(t.Context()); err == nil {
			t.Fatal("two servers on one port")
		}
	}
	cfg.Listen = free
	servertest.Start(t, cfg)
}

func TestStartAndStopInAnyOrder(t *testing.T) {
	t.Parallel()
	cfg := servertest.Config(t)
	for i := range 12 {
		s, err := server.New(t.Context(), cfg, server.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var together sync.WaitGroup
		if i%3 > 0 { // else it is never started
			together.Go(func() {
				// Stop may win; then Start refuses.
				if err := s.Start(t.Context()); err != nil && i%3 == 1 {
					t.Error(err)
				}
			})
		}
		if i%3 == 1 {
			together.Wait()
		}
		for range 3 {
			together.Go(func() {
				if err := s.Stop(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		together.Wait()
		if err := s.Start(t.Context()); err == nil {
			t.Error("a stopped server starts again")
		}
	}
}

func TestManyServersMigrateOnce(t *testing.T) {
	t.Parallel()
	cfg := servertest.Config(t)
	var together sync.WaitGroup
	for range 4 {
		together.Go(func() {
			s, err := server.New(t.Context(), cfg, server.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	together.Wait()
	for range 2 {
		if err := server.Migrate(t.Context(), cfg); err != nil {
			t.Error(err)
		}
	}
}

func TestStopWithoutPatience(t *testing.T) {
	t.Parallel()
	s, err := server.New(t.Context(), servertest.Config(t), server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	address := s.Addr()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	// It may say what was cut short, and has let go of everything all the same.
	if err := s.Stop(ctx); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	cfg := servertest.Config(t)
	cfg.Listen = address
	servertest.Start(t, cfg)
}

func TestSeed(t *testing.T) {
	t.Parallel()
	cfg := servertest.Config(t)
	write := func(content string) string {
		path := filepath.Join(t.TempDir(), "seed.yaml")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for range 2 {
		got, err := server.Seed(t.Context(), cfg, write(seed))
		if want := (server.Seeded{Keywords: 2, Business: 2, Bindings: 2}); err != nil || got != want {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
	}
	for content, want := range map[string]string{
		"keywords:\n  - {keyword: a, mach: equal}\n":                                                                                                        `line 2: unknown key "mach"`,
		"keywords:\n  - {keyword: a, match: like, answers: [x]}\n":                                                                                          `keywords[0]: match "like" is none of`,
		"keywords:\n  - {match: equal, answers: [x]}\n":                                                                                                     "keywords[0]: keyword is empty",
		"keywords:\n  - {keyword: a, match: equal}\n":                                                                                                       `keyword "a" has no answers`,
		"keywords:\n  - {keyword: a, match: equal, answers: [\"流水号：1\"]}\n":                                                                                 "流水号",
		"business:\n  - {code: \"1\", kind: gift, name: x, commands: [A]}":                                                                                  `kind "gift"`,
		"keywords:\n  - {keyword: 流量, match: equal, answers: [x]}\n  - {keyword: ' 流量', match: equal, answers: [y]}\n":                                      `line 3: keywords[1]: keyword "流量" with match equal is already on line 2`,
		"business:\n  - {code: 2.10, kind: order, name: x, product: p, commands: [A]}\n  - {code: '2.10', kind: order, name: y, product: p, commands: [B]}": "line 3: business[1]: business code 2.10 is already on line 2",
		"account: unknown\nkeywords:\n  - {keyword: '', match: like}\n  - {keyword: b, match: equal, answer: [x]}\nbusiness:\n  - {kind: gift}\nbindings_csv: 'o1,1'\n": "line 4: unknown key \"answer\" in keywords[1]\n" +
			"line 1: account: account \"unknown\" is not configured\n" +
			"line 3: keywords[0]: keyword is empty\nline 3: keywords[0]: match \"like\" is none of equal, message_contains, keyword_contains\nline 3: keywords[0]: keyword \"\" has no answers\n" +
			"line 4: keywords[1]: keyword \"b\" has no answers\n" +
			"line 6: business[0]: business code \"\" (): account, code and name must not be empty\nline 6: business[0]: business code : kind \"gift\" is none of query, order, package, menu\n" +
			"line 6: business[0]: business code : neither a command nor a menu key asks for it, and it is under no menu\n" +
			"bindings_csv line 1: want openid,phone with 11 digits",
		"keywords:\n  - {keyword: [a], match: equal}\n  - {keyword: c, match: like, answers: [x]}\n": "line 2: keywords[0].keyword: want a text, found a list\nline 3: keywords[1]: match \"like\"",
		"bindings_csv: |\n  o1,13800138000\n  o2,13800138001\n  o1,13800138002\n":                    "bindings_csv line 3: the follower is already on line 1",
		"account: other\n":                          `account "other" is not configured`,
		"bindings_csv: |\n  o1,13800138000\n  o2\n": "bindings_csv line 2",
		"bindings_csv: \"o1,1380013800\"\n":         "bindings_csv line 1",
	} {
		_, err := server.Seed(t.Context(), cfg, write(content))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "1380013800") {
			t.Errorf("%q: %v, want %s", content, err, want)
		}
	}
	both := "keywords:\n  - {keyword: a, match: like, answers: [x]}\nbusiness:\n  - {code: 1, kind: gift, name: x, commands: [A]}\nbindings_csv: o1\n"
	if _, err := server.Seed(t.Context(), cfg, write(both)); err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("three mistakes: %v", err)
	}
	if _, err := server.Seed(t.Context(), cfg, filepath.Join(t.TempDir(), "none.yaml")); err == nil {
		t.Error("a missing file was seeded")
	}
}
