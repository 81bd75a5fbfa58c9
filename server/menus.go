package server

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"oalab/server/internal/menu"
	menustore "oalab/server/internal/menu/store"
	"oalab/server/internal/userlog"
	userlogstore "oalab/server/internal/userlog/store"
	"oalab/server/internal/wechatapi"
)

// What stands between the menus, their store and the platform.
var (
	_ menu.Store    = (*menustore.Store)(nil)
	_ menu.Platform = (*wechatapi.Client)(nil)
)

// Menus are the custom menu of one account. Servers may run meanwhile.
type Menus struct{ tool *tool }

// MenuButton is an entry of a menu.
type MenuButton = menu.Button

// MenuDifference is a place at which two menus differ.
type MenuDifference = menu.Difference

// MenuTaps is how often a button was tapped on a day, and its share of the day's taps, in
// the order of days, the most tapped first.
type MenuTaps struct {
	userlog.Tap
	Count int
	Share float64
	// Name is that of the button in the stored menu, "" when it has none.
	Name string
}

// OpenMenus opens the database, and brings its tables up to date. It must be closed.
func OpenMenus(ctx context.Context, cfg Config, account string) (*Menus, error) {
	t, err := openTool(ctx, cfg, account)
	if err != nil {
		return nil, err
	}
	return &Menus{t}, nil
}

// Close closes what was opened.
func (m *Menus) Close() error { return m.tool.Close() }

// Stored returns the menu as it is to be; none is empty.
func (m *Menus) Stored(ctx context.Context) ([]MenuButton, error) {
	db, err := m.tool.core()
	if err != nil {
		return nil, err
	}
	return menustore.New(db).Menu(ctx, m.tool.account)
}

func (m *Menus) service() (*menu.Service, error) {
	if m.tool.cfg.WeChat.APIBase == "" {
		return nil, errNoPlatform
	}
	var err error
	db := ask(&err, m.tool.core)
	platform := ask(&err, m.tool.wechat)
	ask(&err, m.tool.tokens) // the platform is asked with them
	if err != nil {
		return nil, err
	}
	return menu.New(menustore.New(db), platform), nil
}

// Diff returns how the stored menu differs from the one that the platform shows.
func (m *Menus) Diff(ctx context.Context) ([]MenuDifference, error) {
	service, err := m.service()
	if err != nil {
		return nil, err
	}
	return service.Diff(ctx, m.tool.account)
}

// Publish makes the platform show the stored menu, and returns what changed. A repeat is
// harmless.
func (m *Menus) Publish(ctx context.Context) ([]MenuDifference, error) {
	service, err := m.service()
	if err != nil {
		return nil, err
	}
	return service.Publish(ctx, m.tool.account)
}

// Taps counts the taps within an age until now from the user log, which is kept for six
// months. Days are those of carrier.time_zone (LOG-4).
func (m *Menus) Taps(ctx context.Context, within Period) ([]MenuTaps, error) {
	stored, err := m.Stored(ctx)
	zone, log := ask(&err, m.tool.zone), ask(&err, m.tool.logRows)
	if err != nil {
		return nil, err
	}
	if err := log.Migrate(ctx, userlogstore.Migrations()); err != nil {
		return nil, err
	}
	now, err := log.Clock(ctx)
	if err != nil {
		return nil, err
	}
	counts, err := userlogstore.New(log, zone).Taps(ctx, m.tool.account, now.Add(-time.Duration(within)), now.Add(time.Second))
	if err != nil {
		return nil, err
	}
	return tapShares(counts, stored), nil
}

// tapShares puts counts in order.
func tapShares(counts map[userlog.Tap]int, stored []MenuButton) []MenuTaps {
	names := map[string]string{}
	for _, top := range stored {
		for _, b := range append([]MenuButton{top}, top.Sub...) {
			for _, key := range []string{b.Key, b.URL, b.PagePath} {
				if key != "" {
					names[key] = b.Name
				}
			}
		}
	}
	ofDay := map[int]int{}
	for tap, n := range counts {
		ofDay[tap.Day] += n
	}
	var taps []MenuTaps
	for _, tap := range slices.SortedFunc(maps.Keys(counts), func(a, b userlog.Tap) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(counts[b], counts[a]), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Event, b.Event))
	}) {
		n := counts[tap]
		taps = append(taps, MenuTaps{Tap: tap, Count: n, Share: float64(n) / float64(ofDay[tap.Day]), Name: names[tap.Key]})
	}
	return taps
}
