package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/mockwechat"
	"oalab/server"
	"oalab/server/internal/servertest"
)

const menuSeed = `
account: demo
menus:
  - {name: 剩余流量, type: click, key: Q_DATA}
  - name: 更多
    sub:
      - {name: 营业厅, type: view, url: "https://oa.example/"}
      - {name: 扫一扫, type: scancode_push, key: S}
`

// menusOf opens the menu of the account.
func menusOf(t *testing.T, cfg server.Config) *server.Menus {
	t.Helper()
	m, err := server.OpenMenus(t.Context(), cfg, servertest.Account)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// TestAMenuIsPublished: a menu is seeded, compared with the platform's, published, and found
// changed on the platform; the taps on it are counted by day (MSG-10, LOG-4).
func TestAMenuIsPublished(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, change func(*server.Config)) { //nolint:thelper // it is the test
		w, cfg := newWorld(t, change)
		s := servertest.Start(t, cfg)
		m := menusOf(t, cfg)
		if _, err := m.Publish(t.Context()); err == nil || !strings.Contains(err.Error(), "no menu is stored") {
			t.Errorf("published without a menu: %v", err)
		}
		servertest.Seed(t, cfg, menuSeed)
		differs := func(want ...string) {
			t.Helper()
			changes, err := m.Diff(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var places []string
			for _, c := range changes {
				places = append(places, c.Place)
			}
			if diff := cmp.Diff(want, places); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		}
		differs("1", "2", "2.1", "2.2")
		if changes, err := m.Publish(t.Context()); err != nil || len(changes) != 4 {
			t.Fatalf("%v, %v", changes, err)
		}
		differs()
		if changes, err := m.Publish(t.Context()); err != nil || len(changes) > 0 || w.asked("/cgi-bin/menu/create") != 1 {
			t.Errorf("again: %v, %v", changes, err)
		}
		servertest.Seed(t, cfg, strings.Replace(menuSeed, "营业厅", "网上营业厅", 1))
		differs("2.1")
		at := time.Now().Unix() - 60
		for i, tap := range []mockwechat.Message{
			{Event: "CLICK", EventKey: "Q_DATA"},
			{Event: "CLICK", EventKey: "Q_DATA"},
			{Event: "CLICK", EventKey: "Q_DATA"},
			{Event: "VIEW", EventKey: "https://oa.example/"},
			{Event: "LOCATION"},
		} {
			tap.OpenID, tap.CreateTime = fan, at+int64(i)
			if got := w.say(s, tap); !got.OK {
				t.Fatalf("%+v", got)
			}
		}
		var taps []server.MenuTaps
		total := func() (n int) {
			var err error
			if taps, err = m.Taps(t.Context(), 2*server.Day); err != nil {
				t.Fatal(err)
			}
			for _, tap := range taps {
				n += tap.Count
			}
			return n
		}
		w.until("the taps are in the log", func() bool { return total() == 4 })
		if first := taps[0]; first.Name != "剩余流量" || first.Event != "CLICK" || first.Count != 3 && first.Share != 1 {
			t.Errorf("%+v", taps)
		}
	})
}

// TestSeedRefusesAMenu that the platform would refuse, with all mistakes and the line.
func TestSeedRefusesAMenu(t *testing.T) {
	t.Parallel()
	cfg := servertest.Config(t)
	_, err := server.Seed(t.Context(), cfg, writeFile(t, strings.NewReplacer("剩余流量", "剩余流量和更多", "key: S}", "url: x}").Replace(menuSeed)))
	if err == nil || !strings.Contains(err.Error(), `line 3: menus: button 1: its name "剩余流量和更多" has 21 bytes`) || !strings.Contains(err.Error(), "button 2.2 (扫一扫): its key has 0 bytes") {
		t.Error(err)
	}
}
